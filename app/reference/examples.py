"""The examples of the API's description: one story, of which tests check every line against the models."""

from typing import Any

JOB_ID = "01a204c3-08e8-770b-aad6-3b6b1befef70"
UPLOAD_JOB_ID = "01a204fa-0ebe-77c8-9eb8-1cae7d892d4c"
REQUEST_ID = "01a204c3-0a1f-7f44-9d0e-5a2b7c1d3e4f"
EVENT_ID = "01a204c2dd185f53-01a204c3090d-00000000"
CURSOR = "AaIEwwjodwuq1jtrG-_vcA"
MEDIA_PATH = f"media/alice/images/{JOB_ID}_0.png"
UPLOAD_PATH = "media/alice/01a204fa-0eb5-7059-9802-95762d395ff2/my_cat.jpg"
FILE_URL = "http://127.0.0.1:8080/files/0i8t0yiX3mYpQ2vJ7sWc5A"
TICKET = "q8Zr1n0Yc2sVd4Xw6uTg5Kb7Lm9Pa3Ej"

IMAGE_REQUEST: dict[str, Any] = {
    "prompt": "a lighthouse at dusk",
    "n": 2,
    "width": 768,
    "height": 512,
    "seed": 7,
}
VIDEO_REQUEST: dict[str, Any] = {
    "prompt": "a lighthouse at dusk",
    "width": 512,
    "height": 288,
    "durationSeconds": 2,
    "fps": 24,
}
JOB_ACCEPTED: dict[str, Any] = {
    "jobId": JOB_ID,
    "status": "queued",
    "urls": {"self": f"/jobs/{JOB_ID}", "events": f"/jobs/{JOB_ID}/events", "cancel": f"/jobs/{JOB_ID}/cancel"},
}
MEDIA_ITEM: dict[str, Any] = {
    "path": MEDIA_PATH,
    "url": FILE_URL,
    "kind": "image",
    "source": "generated",
    "contentType": "image/png",
    "size": 148568,
    "width": 768,
    "height": 512,
    "durationSeconds": None,
    "thumbnailURL": "http://127.0.0.1:8080/files/Vb2kQ8nT4xRz6cLw1sHd9g",
    "placeholder": "3OcRJYB4d3h/iIeHeEh3eIhw+j3A",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "jobId": JOB_ID,
    "prompt": "a lighthouse at dusk",
    "model": "procedural/image",
    "seed": 7,
    "createdAt": "2026-11-22T20:52:06.366Z",
}
JOB: dict[str, Any] = {
    "jobId": JOB_ID,
    "kind": "image",
    "status": "succeeded",
    "progress": 100.0,
    "message": None,
    "queuePosition": None,
    "request": {**IMAGE_REQUEST, "negativePrompt": None, "model": "procedural/image", "inputs": [], "options": {}},
    "result": {"media": [MEDIA_ITEM], "failures": []},
    "error": None,
    "attempts": 1,
    "tried": [],
    "cost": None,
    "createdAt": "2026-11-22T20:52:01.120Z",
    "startedAt": "2026-11-22T20:52:01.164Z",
    "finishedAt": "2026-11-22T20:52:06.366Z",
}
CANCELLED_JOB: dict[str, Any] = {
    **JOB,
    "status": "cancelled",
    "progress": 37.5,
    "result": None,
    "error": {"code": "cancelled", "message": "The job was cancelled.", "retryable": False},
}
STOPPING_JOB: dict[str, Any] = {
    **JOB,
    "status": "cancelling",
    "progress": 37.5,
    "message": "Rendering image 1 of 2",
    "result": None,
    "finishedAt": None,
}
USAGE: dict[str, Any] = {
    "since": "2026-11-01",
    "until": "2026-11-30",
    "cost": 0.34,
    "items": [
        {"date": "2026-11-22", "model": "openai/gpt-image-2", "kind": "image", "jobs": 5, "outputs": 8, "cost": 0.34}
    ],
}
MODEL: dict[str, Any] = {
    "id": "procedural/image",
    "kind": "image",
    "provider": "procedural",
    "default": True,
    "limits": {
        "n": {"minimum": 1.0, "maximum": 8.0, "step": 1.0},
        "width": {"minimum": 64.0, "maximum": 2048.0, "step": 1.0},
        "height": {"minimum": 64.0, "maximum": 2048.0, "step": 1.0},
        "durationSeconds": None,
        "fps": None,
    },
    "optionsSchema": {
        "type": "object",
        "properties": {"style": {"enum": ["auto", "landscape", "abstract"], "default": "auto"}},
        "additionalProperties": False,
    },
    "takesInputs": False,
}
UPLOAD_REQUEST: dict[str, Any] = {"filename": "my cat.jpg", "contentType": "image/jpeg", "size": 148568}
UPLOAD_REFERENCE: dict[str, Any] = {"objectPath": UPLOAD_PATH}
UPLOAD_OPENED: dict[str, Any] = {
    "jobId": UPLOAD_JOB_ID,
    "uploadURL": "http://127.0.0.1:8080/storage/incoming/alice/01a204fa-0eb5-7059-9802-95762d395ff2/my_cat.jpg?v=1&…",
    "objectPath": UPLOAD_PATH,
    "method": "PUT",
    "headers": {"Content-Type": "image/jpeg", "x-upload-content-length-range": "148568,148568"},
    "expiresAt": "2026-11-22T21:07:06.366Z",
    "maxBytes": 148568,
    "resumable": False,
}
UPLOAD_ACCEPTED: dict[str, Any] = {"jobId": UPLOAD_JOB_ID, "url": FILE_URL, "path": UPLOAD_PATH}
MEDIA_DELETION: dict[str, Any] = {"paths": [MEDIA_PATH, UPLOAD_PATH]}
DELETIONS: dict[str, Any] = {
    "results": [{"path": MEDIA_PATH, "status": 204}, {"path": UPLOAD_PATH, "status": 404}],
}
SESSION: dict[str, Any] = {
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZXYifQ.…",
    "userId": "dev",
    "expiresAt": "2026-11-23T04:52:06.366Z",
}
EVENT: dict[str, Any] = {
    "id": EVENT_ID,
    "event": "generation_queued",
    "data": f'{{"jobId":"{JOB_ID}","kind":"image","queuePosition":1}}',
    "retry": 3182,
}
EVENTS: dict[str, dict[str, Any]] = {
    "generation_queued": {"jobId": JOB_ID, "kind": "image", "queuePosition": 1},
    "generation_started": {"jobId": JOB_ID},
    "generation_progress": {
        "jobId": JOB_ID,
        "progress": 37.5,
        "message": "Rendering image 1 of 2",
        "attempt": 1,
        "previewURL": "http://127.0.0.1:8080/storage/derivatives/alice/images/preview/1-1?signature=…",
    },
    "generation_complete": {"jobId": JOB_ID, "result": {"media": [MEDIA_ITEM], "failures": []}},
    "generation_failed": {
        "jobId": JOB_ID,
        "error": "The job was cancelled.",
        "code": "cancelled",
        "retryable": False,
    },
    "upload_started": {"jobId": UPLOAD_JOB_ID},
    "upload_progress": {"jobId": UPLOAD_JOB_ID, "progress": 50.0},
    "upload_complete": {"jobId": UPLOAD_JOB_ID, "result": {"url": FILE_URL, "path": UPLOAD_PATH}},
    "upload_failed": {
        "jobId": UPLOAD_JOB_ID,
        "error": "The content is not what it was declared to be.",
        "code": "content_mismatch",
        "retryable": False,
    },
    "media_deleted": {"path": MEDIA_PATH},
    "snapshot": {"jobs": [JOB], "truncated": False},
    "reset": {"reason": "log_trimmed"},
}
"""The payload of each event of the catalogue."""
