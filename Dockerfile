# The image of the gateway and of its workers; its environment and ports are those of the tensorflow/serving image.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    XDG_CACHE_HOME=/var/cache \
    MODEL_BASE_PATH=/models \
    MODEL_NAME=model
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/protos ./protos
COPY --from=build /app/config ./config
COPY --from=build /app/examples/models ./examples/models
COPY deploy/docker/entrypoint.sh /usr/local/bin/tensorgate-entrypoint
RUN ln -s /app/dist/cli/main.js /usr/local/bin/tensorgate \
 && chmod +x /app/dist/cli/main.js /usr/local/bin/tensorgate-entrypoint \
 && tensorgate runtime install \
 && chmod -R a+rX /var/cache/tensorgate
USER node
EXPOSE 8500 8501
HEALTHCHECK --interval=10s --start-period=60s \
  CMD node -e "fetch('http://127.0.0.1:8501/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["tensorgate-entrypoint"]
