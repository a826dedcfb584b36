// Ask Netlify's own engine what netlify.toml says: the folder is the argument, the questions are JSON on standard input
// ([{path, language, cookie}]), the answer is one JSON object {publish, redirects: [...], headers: [{for, values}], errors: [...]}.
import path from "node:path";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [folder, modules] = process.argv.slice(2);
const require = createRequire(path.join(modules, "x.js"));
const load = (name) => import(require.resolve(name));
const { resolveConfig } = await load("@netlify/config");
const { parseAllRedirects } = await load("@netlify/redirect-parser");
const { parseAllHeaders } = await load("@netlify/headers-parser");
const { default: redirector } = await load("netlify-redirector");

const toml = path.join(folder, "netlify.toml");
const { config } = await resolveConfig({ cwd: folder, offline: true, mode: "cli", context: "production", token: "none", siteFeatureFlags: {} });
const rules = await parseAllRedirects({ redirectsFiles: [], netlifyConfigPath: toml, configRedirects: [], minimal: false });
const headers = await parseAllHeaders({ headersFiles: [], netlifyConfigPath: toml, configHeaders: [], minimal: false });

// The compiled engine wants the conditions with capitals and two fields under other names than the parser gives.
const capital = (conditions) => Object.fromEntries(Object.entries(conditions).map(([key, value]) => [key[0].toUpperCase() + key.slice(1), value]));
const table = rules.redirects.map(({ conditions, from, query, signed, ...rule }) => ({ ...rule, origin: from, params: query, conditions: capital(conditions) }));
const engine = await redirector.parseJSON(JSON.stringify(table), {});

const ask = ({ path: asked, language = "en", cookie = {} }) => {
  const sent = { "x-language": cookie.nf_lang ?? language, "x-country": "us", host: "guide.example" };
  const rule = engine.match({
    scheme: "https", host: sent.host, path: asked, query: "", headers: sent, cookieValues: cookie,
    getHeader: (name) => sent[name.toLowerCase()] ?? "", getCookie: (name) => cookie[name] ?? "",
  });
  return rule ? { status: rule.status, to: rule.to, force: Boolean(rule.force) } : null;
};

console.log(JSON.stringify({
  publish: path.relative(folder, config.build.publish),
  command: config.build.command,
  redirects: JSON.parse(await text(process.stdin)).map(ask),
  rules: rules.redirects.map(({ from, to, status }) => ({ from, to, status })),
  headers: headers.headers,
  errors: [...rules.errors, ...headers.errors].map(String),
}));
