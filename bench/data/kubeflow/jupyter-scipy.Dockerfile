# Wheels in place of conda's packages, for the same list; openblas is inside the wheels
ARG PARENT
FROM ${PARENT}
USER root
RUN apt-get -yq update && apt-get -yq install --no-install-recommends cm-super dvipng ffmpeg \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
USER 1000
COPY versions.txt /opt/conda/versions.txt
RUN pip install --no-cache-dir -c /opt/conda/versions.txt altair beautifulsoup4 bokeh bottleneck brotli cloudpickle \
    "dask[complete]" dill h5py ipympl matplotlib numba numexpr numpy openpyxl pandas patsy protobuf tables scikit-image \
    scikit-learn scipy seaborn sqlalchemy statsmodels sympy vincent xgboost-cpu xlrd
RUN pip install --no-cache-dir -c /opt/conda/versions.txt kfp kubeflow jupyterlab-git
