// Starts Swagger UI on our own document; nothing is asked of any other server.
const read = (key) => fetch("openapi.json", key ? { headers: { "X-API-Key": key } } : {});

async function start() {
  let key = "";
  let answer = await read(key);
  // Only with PROTECT_METRICS.
  while (answer.status === 401) {
    key = (window.prompt("An API key is needed to see what there is:") || "").trim();
    if (!key) break;
    answer = await read(key);
  }
  const page = SwaggerUIBundle({
    spec: await answer.json(),
    dom_id: "#docs",
    validatorUrl: null,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    onComplete: () => key && page.preauthorizeApiKey("header", key),
  });
}

start();
