import { isNode, nameOf, walk } from "../syntax.ts";
import { type Breach, isForTests, lineAt, lineOf, type Module, type ModuleReference, type Tree } from "../tree.ts";

/** What opens connections, and the folders that may: they know TLS, logins, time-outs and which errors pass. */
const connecting: readonly Connecting[] = [
  { package: "kafkajs", names: ["Kafka"], folders: ["src/clients/", "src/ingest/source/"] },
  // Its inside changes without notice; who builds on it says so in one place.
  { package: "kafkajs/", names: [], folders: ["src/clients/", "src/ingest/source/"] },
  { package: "@clickhouse/client", names: ["createClient"], folders: ["src/clients/"] },
  { package: "@platformatic/kafka", names: ["Admin", "Connection", "Consumer", "Producer"], folders: ["src/clients/"] },
  { package: "undici", names: [], folders: ["src/clients/"] },
  ...["node:net", "node:tls"].map((name) => ({
    package: name,
    names: ["connect", "createConnection", "Socket", "TLSSocket"],
    folders: ["src/clients/", "src/ingest/source/"],
  })),
  ...["node:http", "node:https", "node:http2"].map((name) => ({
    package: name,
    names: ["request", "get", "connect", "Agent"],
    folders: ["src/clients/"],
  })),
];

/** Files elsewhere that do, each with its reason. One that no longer does has to go from here. */
export const connectingElsewhere: Record<string, string> = {
  "src/ingest/dead-letters/topic.ts": "the program's one producer",
  "src/operate/doctor/examine-kafka.ts": "asks brokers for their versions, which no admin of kafkajs tells",
  "src/operate/doctor/kafka-versions.ts": "reads which versions kafkajs speaks, which it keeps to itself",
  "src/simulator/cluster-connections.ts": "sends whole batches, as bytes, to the leaders of their partitions",
  "src/operate/offsets/commit-offsets.ts": "commits as a member, so that the coordinator refuses it beside others",
};

interface Connecting {
  /** A package's name; one with a slash behind it stands for all files inside the package. */
  package: string;
  /** The values that connect; none: any value does. */
  names: readonly string[];
  folders: readonly string[];
}

const ownFile = "scripts/tidy/rules/server-clients.ts";

/** Connections to servers are opened in src/clients, and kafkajs' consumer in src/ingest/source. */
export function serverClients(tree: Tree, exceptions = connectingElsewhere): Breach[] {
  const modules = tree.modules.filter(({ name }) => /^(src|workers)\//.test(name) && !isForTests(name));
  const found = modules.flatMap(({ name, references }) =>
    references.flatMap((reference) => {
      const kind = connecting.find((one) => connects(one, reference));
      return kind === undefined || kind.folders.some((folder) => name.startsWith(folder))
        ? []
        : [{ file: name, line: reference.line, specifier: reference.specifier, kind }];
    }),
  );
  const breaches = found
    .filter(({ file }) => exceptions[file] === undefined)
    .map(({ file, line, specifier, kind: { names, folders } }) => ({
      file,
      line,
      wrong: `takes ${[...names, specifier].join(" of ")}: servers are connected to in ${folders.join(" and ")} alone`,
      remedy: `have the connection handed in, or say why not in connectingElsewhere of ${ownFile}`,
    }));
  return [
    ...breaches,
    ...modules.flatMap(fetches),
    ...unused(tree, exceptions, new Set(found.map(({ file }) => file))),
  ];
}

function connects({ package: name, names }: Connecting, { how, specifier, names: taken }: ModuleReference): boolean {
  if (how !== "import") return false;
  if (name.endsWith("/") ? !specifier.startsWith(name) : specifier !== name) return false;
  return names.length === 0 || taken.some((one) => ["*", "default", ...names].includes(one));
}

/** A page asks the server that it came from, and its policy lets it ask no other. */
const page = "src/server/console/page/";

/** `fetch` needs no import. */
function fetches({ name, text, syntax }: Module): Breach[] {
  const breaches: Breach[] = [];
  if (name.startsWith("src/clients/") || name.startsWith(page)) return breaches;
  walk(syntax, (node) => {
    if (node.type !== "CallExpression" || !isNode(node.callee)) return;
    const { type, object } = node.callee;
    if (nameOf(node.callee) !== "fetch" || (type !== "Identifier" && nameOf(object) !== "globalThis")) return;
    breaches.push({
      file: name,
      line: lineAt(text, node.start),
      wrong: "calls fetch: servers are connected to in src/clients/ alone",
      remedy: "have the connection handed in",
    });
  });
  return breaches;
}

function unused(tree: Tree, exceptions: Record<string, string>, used: Set<string>): Breach[] {
  return Object.keys(exceptions)
    .filter((file) => !used.has(file))
    .map((file) => ({
      file: ownFile,
      line: lineOf(tree, ownFile, `"${file}"`),
      wrong: `excuses ${file}, which opens no connection`,
      remedy: "delete the entry",
    }));
}
