// Projects to begin with; the first is shown when the page opens.

export const EXAMPLES = [
  {
    name: "A web shop",
    files: {
      "compose.yaml": `# An ordinary stack without any hardening.
services:
  web:
    image: nginx:1.29
    ports:
      - "8080:80"
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf
    depends_on: [reports]

  reports:
    image: example.com/reports:4.2
    environment:
      DATABASE_URL: postgres://reports@db/reports

  db:
    image: postgres:17
    environment:
      POSTGRES_HOST_AUTH_METHOD: trust
    volumes:
      - rows:/var/lib/postgresql/data

  cache:
    image: redis:8

volumes:
  rows:
`,
    },
  },
  {
    name: "Your own program, with its Dockerfile",
    files: {
      "compose.yaml": `services:
  api:
    build: .
    ports: ["3000:3000"]
    environment:
      NODE_ENV: production
`,
      Dockerfile: `FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY . .
USER node
CMD ["node", "server.js"]
`,
    },
  },
  {
    name: "Two layers and variables",
    files: {
      "compose.yaml": `services:
  proxy:
    image: traefik:\${TRAEFIK_VERSION}
    ports: ["80:80", "443:443"]
  wiki:
    image: requarks/wiki:2
    environment:
      DB_TYPE: sqlite
`,
      "compose.override.yaml": `services:
  proxy:
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
  wiki:
    ports: ["8080:3000"]
`,
      ".env": `TRAEFIK_VERSION=v3.5
`,
    },
  },
  {
    name: "A home server",
    files: {
      "compose.yaml": `services:
  jellyfin:
    image: jellyfin/jellyfin:10.10
    volumes:
      - jellyfin-config:/config
      - jellyfin-cache:/cache
      - /srv/media:/media
  adguard:
    image: adguard/adguardhome:v0.107.64
    ports: ["53:53/udp"]
    volumes:
      - ./adguard/work:/opt/adguardhome/work
      - ./adguard/conf:/opt/adguardhome/conf
  uptime:
    image: louislam/uptime-kuma:1
    volumes:
      - uptime:/app/data
  vaultwarden:
    image: vaultwarden/server:1.34.3
    volumes:
      - ./vw:/data

volumes:
  jellyfin-config:
  jellyfin-cache:
  uptime:
`,
    },
  },
];
