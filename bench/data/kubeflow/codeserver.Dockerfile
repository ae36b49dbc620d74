# The archive of code-server in place of its package: the same files
ARG PARENT
FROM ${PARENT}
ARG CODE_SERVER
ENV XDG_DATA_HOME=/tmp/data-jovyan
USER root
RUN curl -fsSL "${CODE_SERVER}" -o /tmp/code-server.tar.gz && mkdir -p /usr/lib/code-server \
    && tar -xzf /tmp/code-server.tar.gz --strip-components=1 -C /usr/lib/code-server && rm /tmp/code-server.tar.gz
RUN mkdir -p "${XDG_DATA_HOME}" && chown 1000:0 "${XDG_DATA_HOME}" && chmod 770 "${XDG_DATA_HOME}"
USER 1000
ENV SERVER="/usr/lib/code-server/bin/code-server --bind-addr=0.0.0.0:8888 --disable-telemetry --disable-update-check \
    --disable-workspace-trust --disable-getting-started-override --auth=none --trusted-origins=*"
