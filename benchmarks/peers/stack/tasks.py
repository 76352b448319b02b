"""Its Celery worker: `celery -A tasks worker`. A picture that was there before stands for what a model makes."""

import hashlib
import json
import os
from io import BytesIO
from pathlib import Path

from celery import Celery
from PIL import Image
from records import DATABASE_URL, REDIS_URL, Job, Media, now
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

celery = Celery("stack", broker=REDIS_URL)
# As its documentation advises for work that must not be lost with a worker.
celery.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)
engine = create_engine(DATABASE_URL, pool_size=4)
redis = Redis.from_url(REDIS_URL)
directory = Path(os.environ["STACK_DIRECTORY"])


def picture() -> bytes:
    made = BytesIO()
    Image.new("L", (8, 8)).save(made, "PNG")
    return made.getvalue()


PICTURE = picture()


def tell(owner: str, name: str, **data: object) -> None:
    redis.publish(f"events:{owner}", json.dumps({"event": name, "data": data}))


@celery.task(name="generate")
def generate(job_id: str) -> None:
    with Session(engine) as session:
        job = session.get_one(Job, job_id)
        job.status = "running"
        session.commit()
        owner = job.owner
        tell(owner, "generation_started", jobId=job_id)
        path = directory / owner / f"{job_id}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PICTURE)
        tell(owner, "generation_progress", jobId=job_id, progress=50)
        with Image.open(BytesIO(PICTURE)) as image:
            width, height = image.size
            image.thumbnail((512, 512))
            image.save(path.with_suffix(".webp"), "WEBP")
        tell(owner, "generation_progress", jobId=job_id, progress=100)
        digest = hashlib.sha256(PICTURE).hexdigest()
        session.add(Media(owner=owner, job_id=job_id, path=str(path), sha256=digest, width=width, height=height))
        job.status, job.finished_at = "succeeded", now()
        session.commit()
        tell(owner, "generation_complete", jobId=job_id, url=f"/files/{job_id}")
