"""A worker whose provider does nothing: what is left of a job's cost is the pipeline's."""

import sys

from tests.one_provider import PictureProvider, run_worker

if __name__ == "__main__":
    sys.exit(run_worker(PictureProvider()))
