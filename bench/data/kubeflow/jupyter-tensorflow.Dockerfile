ARG PARENT
FROM ${PARENT}
COPY versions.txt /opt/conda/versions.txt
RUN pip install --no-cache-dir -c /opt/conda/versions.txt tensorflow
