# Debian's Node.js without npm in place of NodeSource's, which has it. A virtual environment that is the user's in place
# of Miniforge: conda and mamba themselves are not in it
ARG PARENT
FROM ${PARENT}
USER root
RUN apt-get -yq update && apt-get -yq install --no-install-recommends nodejs \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN apt-get -yq update && apt-get -yq install --no-install-recommends python3 python3-venv \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/conda/bin:${PATH}
RUN mkdir -p /opt/conda /usr/local/etc/jupyter && chown 1000:0 /opt/conda /usr/local/etc/jupyter
USER 1000
RUN python3 -m venv /opt/conda && pip install --no-cache-dir --upgrade pip
COPY versions.txt /opt/conda/versions.txt
RUN pip install --no-cache-dir -c /opt/conda/versions.txt jupyterlab notebook
RUN jupyter labextension disable --level=system "@jupyterlab/apputils-extension:announcements" \
    && jupyter labextension lock --level=system "@jupyterlab/apputils-extension"
RUN cp -p -r -T "${HOME}" "${HOME_TMP}" && chmod -R g=u "${HOME_TMP}"
ENV SERVER="jupyter lab --no-browser --ip=0.0.0.0 --port=8888 --ServerApp.token= --ServerApp.password= \
    --ServerApp.allow_origin=* --ServerApp.allow_remote_access=True --ServerApp.base_url"
