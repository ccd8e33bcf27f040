// A tus server that is not ours (@tus/server), over mutual TLS, under the paths that stations use.
// node tus_server.mjs PORT FOLDER AUTHORITY CERTIFICATE KEY

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [port, directory, ca, cert, key] = process.argv.slice(2);
const tus = new Server({
  path: "/v1/packets",
  relativeLocation: true, // it would say http otherwise, which no station follows
  datastore: new FileStore({ directory }),
  namingFunction: (_, metadata) => metadata.packet_id,
});
const tls = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key), requestCert: true };
createServer({ ...tls, minVersion: "TLSv1.3" }, tus.handle.bind(tus)).listen(Number(port), "127.0.0.1");
