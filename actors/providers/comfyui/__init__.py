"""The `comfyui` provider: workflows of a ComfyUI server, one prompt for each output."""
