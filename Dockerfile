ARG NODE_VERSION=24

FROM node:$NODE_VERSION-bookworm AS deps
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci

FROM deps AS build
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY clients clients
COPY web web
RUN npm run build && npm prune --omit=dev

FROM node:$NODE_VERSION-bookworm-slim AS runtime
ENV NODE_ENV=production BONAFIDE_HOST=0.0.0.0 BONAFIDE_PORT=8080
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY models models
# A new volume takes its owner over.
RUN install -d -o node -g node /data
USER node
EXPOSE 8080
# Not `bonafide health`: loading the whole command line takes a second of CPU, every time.
HEALTHCHECK --interval=10s --timeout=3s CMD node -e "fetch('http://127.0.0.1:' + process.env.BONAFIDE_PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "--enable-source-maps", "dist/main.js", "serve"]
