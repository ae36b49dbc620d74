# Debian in place of Ubuntu, which has software-properties-common too; Debian's s6 in place of s6-overlay
ARG PARENT
FROM ${PARENT}
ARG KUBECTL
ENV NB_USER=jovyan NB_UID=1000 NB_GID=0 NB_PREFIX=/ HOME=/home/jovyan HOME_TMP=/tmp_home/jovyan SHELL=/bin/bash
RUN apt-get -yq update && apt-get -yq install --no-install-recommends apt-transport-https bash bzip2 ca-certificates \
    curl git gnupg gnupg2 locales lsb-release nano tmux tzdata unzip vim wget xz-utils zip \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN apt-get -yq update && apt-get -yq install --no-install-recommends s6 execline \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN curl -fsSL "${KUBECTL}" -o /usr/local/bin/kubectl && chmod +x /usr/local/bin/kubectl
RUN useradd -M -N --shell /bin/bash --home ${HOME} --uid 1000 --gid 0 --groups 100 jovyan \
    && mkdir -p ${HOME} ${HOME_TMP} && chmod 2775 ${HOME} ${HOME_TMP} && chown -R 1000:100 ${HOME} ${HOME_TMP} \
    && chown -R 1000:0 /usr/local/bin
RUN echo "en_US.UTF-8 UTF-8" > /etc/locale.gen && locale-gen
ENV LANG=en_US.UTF-8 LANGUAGE=en_US.UTF-8 LC_ALL=en_US.UTF-8
COPY --chmod=755 start /init
USER 1000
ENTRYPOINT ["/init"]
