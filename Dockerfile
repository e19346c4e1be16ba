# emocam without a display: videos, photos, streams.
#
#   docker build --tag emocam .
#   docker run --rm --network none --user "$(id -u)" --volume "$PWD:/work" emocam video clip.mp4
FROM python:3.12-slim

# What OpenCV's wheel links to.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml README.md LICENSE /src/
COPY emocam /src/emocam
COPY models /src/models
RUN pip install --no-cache-dir /src && rm -rf /src
# Any user may run it: what libraries keep goes to a folder that everybody can write.
ENV HOME=/tmp
USER nobody
WORKDIR /work
ENTRYPOINT ["emocam"]
