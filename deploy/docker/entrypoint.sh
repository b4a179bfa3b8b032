#!/bin/sh
# `docker run IMAGE [flags]` serves /models/$MODEL_NAME as the tensorflow/serving image does; `docker run IMAGE worker …`
# (or another command of tensorgate) runs that instead.
set -eu

case "${1:-}" in
  serve | worker | predict | inspect | status | runtime) exec tensorgate "$@" ;;
esac

# A file that lists the models stands instead of the one model of the environment.
for argument in "$@"; do
  case "$argument" in
    --config | --config=* | --model_config_file | --model_config_file=* | --help | --version)
      exec tensorgate serve "$@"
      ;;
  esac
done
exec tensorgate serve --port=8500 --rest_api_port=8501 \
  --model_name="$MODEL_NAME" --model_base_path="$MODEL_BASE_PATH/$MODEL_NAME" "$@"
