"""The settings that lead to providers of models: keys, which come from the environment alone, and addresses."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

ApiUrl = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$")]


class ProviderKeys(BaseModel):
    """Part of `Settings`. A provider without what it needs is not used: see `schema.offering`."""

    openai_api_key: SecretStr | None = Field(default=None, description="The key of OpenAI's API.")
    openai_base_url: ApiUrl | None = Field(
        default=None, description="Another server that speaks OpenAI's Images API; it may need no key."
    )
    gemini_api_key: SecretStr | None = Field(default=None, description="The key of Google's Gemini API.")
    gemini_base_url: ApiUrl | None = Field(default=None, description="Another base URL of the Gemini API.")
    comfyui_url: ApiUrl | None = Field(default=None, description="A ComfyUI server, such as http://127.0.0.1:8188.")
    comfyui_api_key: SecretStr | None = Field(
        default=None, description="A bearer token for what stands before ComfyUI, which has none of its own."
    )
    fal_key: SecretStr | None = Field(default=None, description="The key of fal.")
    fal_base_url: ApiUrl | None = Field(default=None, description="Another base URL of fal's queue.")
    replicate_api_token: SecretStr | None = Field(default=None, description="The token of Replicate's API.")
    replicate_base_url: ApiUrl | None = Field(default=None, description="Another base URL of Replicate's API.")
    runwayml_api_secret: SecretStr | None = Field(default=None, description="The secret of Runway's API.")
    runwayml_base_url: ApiUrl | None = Field(default=None, description="Another base URL of Runway's API.")
