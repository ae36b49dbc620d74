# A virtual environment of the user in place of Miniforge, as for jupyter; without extensions, which both sides lack here
ARG PARENT
FROM ${PARENT}
USER root
RUN apt-get -yq update && apt-get -yq install --no-install-recommends python3 python3-venv \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/conda/bin:${PATH}
RUN mkdir -p /opt/conda && chown 1000:0 /opt/conda
USER 1000
RUN python3 -m venv /opt/conda && pip install --no-cache-dir --upgrade pip
COPY versions.txt /opt/conda/versions.txt
RUN pip install --no-cache-dir -c /opt/conda/versions.txt ipykernel
RUN pip install --no-cache-dir -c /opt/conda/versions.txt kfp kubeflow
RUN cp -p -r -T "${HOME}" "${HOME_TMP}" && chmod -R g=u "${HOME_TMP}"
