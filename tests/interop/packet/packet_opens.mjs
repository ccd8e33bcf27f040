// Opens Rekam's containers, written from kiosk/record/PACKET.md alone. Section numbers are that document's.
//
//   npm install --no-package-lock && node packet_opens.mjs [FOLDER]
//
// FOLDER holds vectors.json, the files it names, and bad/ with what must be refused; tests/record/vectors if none is
// named. Signatures by @noble, HPKE with X-Wing by hpke-js, values by cborg, AES-GCM and SHA-256 by Node.js itself.

import { createDecipheriv, createHash } from "node:crypto";
import { readFileSync, readdirSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { ed25519 } from "@noble/curves/ed25519.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import * as cbor from "cborg";

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ITEMS = { part: 64, header: 64, body: 2_097_152 };
const DEEPEST = 12;
const ENCRYPT_TAG = 0x60, SIGN_TAG = 0x62;
const HPKE_XWING = -70001, A256GCM = 3, SHA256 = -16, ED25519 = -19, MLDSA44 = -48;
const BODY = "application/cbor", PREIMAGE = 'application/cose; cose-type="cose-encrypt"';
const KINDS = ["recording", "receipt", "order", "roster", "states", "keys", "manifest", "request", "grant"];

class Refused extends Error {
  constructor(name, why) {
    super(why);
    this.name = name;
  }
}

const refuse = (name, why) => {
  throw new Refused(name, why);
};

// §1: the form of an item, before anything is built from it ----------------------------------------------------------

class Form {
  constructor(bytes, left) {
    this.bytes = bytes;
    this.left = left;
  }

  head(at) {
    const { bytes } = this;
    if (at >= bytes.length) refuse("CutShort", "the end came too early");
    const major = bytes[at] >> 5, short = bytes[at] & 31;
    at += 1;
    if (major === 7) {
      if (short === 31) refuse("IndefiniteLength", "a break");
      if (short < 20 || short > 22) refuse("Disallowed", "a float or simple value");
      return { major, value: short, at };
    }
    if (short < 24) return { major, value: short, at };
    if (short === 31 && major >= 2 && major <= 5) refuse("IndefiniteLength", "no length");
    if (short > 27) refuse("Disallowed", "a reserved head");
    const width = 1 << (short - 24);
    if (at + width > bytes.length) refuse("CutShort", "the end came within a number");
    let value = 0n;
    for (let i = 0; i < width; i++) value = (value << 8n) | BigInt(bytes[at + i]);
    if (value < (width === 1 ? 24n : 1n << BigInt(4 * width))) refuse("NotDeterministic", "a longer number than needed");
    return { major, value: Number(value), at: at + width };
  }

  // `count` items are announced.
  announce(count, at) {
    if (count > MOST_BYTES) refuse("ImpossibleLength", "more items than bytes can be");
    if (count > this.bytes.length - at) refuse("CutShort", "more items than bytes are left");
    if (count > this.left) refuse("TooManyItems", "too many items");
    this.left -= count;
  }

  end(start, level = 1) {
    if (level > DEEPEST) refuse("TooDeep", "nested too deeply");
    let { major, value, at } = this.head(start);
    if (major === 2 || major === 3) {
      if (value > MOST_BYTES) refuse("ImpossibleLength", "a string longer than anything");
      if (value > this.bytes.length - at) refuse("CutShort", "a string longer than the rest");
      if (major === 3) {
        try {
          new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes.subarray(at, at + value));
        } catch {
          refuse("NotUtf8", "a text");
        }
      }
      return at + value;
    }
    if (major === 6) refuse("Disallowed", "a tag");
    if (major === 4) {
      this.announce(value, at);
      for (let i = 0; i < value; i++) at = this.end(at, level + 1);
    }
    if (major === 5) {
      this.announce(2 * value, at);
      let before = null;
      for (let i = 0; i < value; i++) {
        if (![0, 1, 3].includes(this.head(at).major)) refuse("Disallowed", "a key");
        const end = this.end(at, level + 1), key = Buffer.from(this.bytes.subarray(at, end));
        const order = before === null ? -1 : Buffer.compare(before, key);
        if (order === 0) refuse("Duplicated", "a key");
        if (order > 0) refuse("NotDeterministic", "keys out of order");
        before = key;
        at = this.end(end, level + 1);
      }
    }
    return at;
  }
}

function decode(bytes, mostItems) {
  if (new Form(bytes, mostItems).end(0) !== bytes.length) refuse("TrailingBytes", "after the item");
  return cbor.decode(bytes, { useMaps: true, strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true });
}

// §2: an array of four behind a tag; each field's bytes as they stand.
function part(file, start, tag) {
  if (file[start] !== 0xd8 || file[start + 1] !== tag) refuse("Malformed", "another tag");
  const form = new Form(file, MOST_ITEMS.part);
  let { major, value, at } = form.head(start + 2);
  if (major !== 4) refuse("Malformed", "no array");
  form.announce(value, at);
  const fields = [];
  for (let i = 0; i < value; i++) {
    const end = form.end(at, 2);
    fields.push(file.subarray(at, end));
    at = end;
  }
  if (fields.map((field) => field[0] >> 5).join() !== "2,5,2,4") refuse("Malformed", "not the four fields");
  return { fields, end: at };
}

function byteString(field) {
  const { major, at } = new Form(field, 0).head(0);
  if (major !== 2) refuse("Malformed", "no byte string");
  return field.subarray(at);
}

function labels(map, ...allowed) {
  if (!(map instanceof Map) || !allowed.every((label) => map.has(label))) refuse("Malformed", "labels lack");
  if (map.size !== allowed.length) refuse("UnknownLabel", "a label");
  return map;
}

const bytes = (value, length) =>
  value instanceof Uint8Array && (length === undefined || value.length === length) ? value : refuse("Malformed", "length");

function keyId(value) {
  return value instanceof Uint8Array && value.length === 16 ? hex(value) : refuse("UnknownKey", "not a key id");
}

// §2.2 and step 2 of §4.
function signed({ fields }, trusted) {
  const [protectedHeader, payload] = [byteString(fields[0]), byteString(fields[2])];
  labels(decode(fields[1], MOST_ITEMS.part));
  const signatures = decode(fields[3], MOST_ITEMS.part);
  if (!Array.isArray(signatures) || signatures.length > 2) refuse("Malformed", "signatures");
  if (signatures.length < 2) refuse("SignatureMissing", "fewer than two");
  const both = signatures.map((signature) => {
    if (!Array.isArray(signature) || signature.length !== 3) refuse("Malformed", "a signature");
    labels(signature[1]);
    const own = labels(decode(bytes(signature[0]), MOST_ITEMS.header), 1, 4);
    return { own: signature[0], algorithm: own.get(1), key: keyId(own.get(4)), value: bytes(signature[2]) };
  });
  if (both[0].algorithm !== ED25519 || both[1].algorithm !== MLDSA44) refuse("UnknownAlgorithm", "of a signature");
  if (both[0].key !== both[1].key || both[0].key !== trusted.id) refuse("UnknownKey", "not trusted for this");
  if (both[0].value.length !== 64 || both[1].value.length !== 2420) refuse("Malformed", "length of a signature");
  const message = (own) => cbor.encode(["Signature", protectedHeader, own, new Uint8Array(0), payload]);
  const holds = (check) => {
    try {
      return check();
    } catch {
      return false;
    }
  };
  const [classic, lattice] = both, raw = trusted.raw;
  if (!holds(() => ed25519.verify(classic.value, message(classic.own), raw.subarray(0, 32), { zip215: false })))
    refuse("SignatureWrong", "Ed25519");
  if (!holds(() => ml_dsa44.verify(lattice.value, message(lattice.own), raw.subarray(32))))
    refuse("SignatureWrong", "ML-DSA-44");
  return { protectedHeader, payload };
}

// §2.3.
function header(map, kind) {
  if (!(map instanceof Map) || !Number.isInteger(map.get("v"))) refuse("Malformed", "no header");
  if (map.get("v") !== 1) refuse("UnknownVersion", "of the document");
  const needed = ["v", "kind", "from", "to", "id", "seq", "at"], more = ["prev", "nbf", "exp"];
  if (![...map.keys()].every((name) => needed.includes(name) || more.includes(name))) refuse("UnknownLabel", "a field");
  if (!needed.every((name) => map.has(name))) refuse("Malformed", "a field lacks");
  for (const [name, limit] of [["seq", 2 ** 53], ["at", 2 ** 37], ["nbf", 2 ** 37], ["exp", 2 ** 37]])
    if (map.has(name) && !(Number.isInteger(map.get(name)) && map.get(name) >= 0 && map.get(name) < limit))
      refuse("Malformed", name);
  if (map.has("prev")) bytes(map.get("prev"), 32);
  for (const name of ["from", "to", "id"])
    if (typeof map.get(name) !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(map.get(name))) refuse("Malformed", name);
  if (map.get("kind") !== kind || !KINDS.includes(kind)) refuse("WrongKind", "another kind");
  return Object.fromEntries(map);
}

function openSigned(file, kind, trusted) {
  if (file.length > MOST_BYTES) refuse("TooLarge", "the file");
  const only = part(file, 0, SIGN_TAG);
  if (only.end !== file.length) refuse("TrailingBytes", "after the COSE_Sign");
  const { protectedHeader, payload } = signed(only, trusted);
  const head = labels(decode(protectedHeader, MOST_ITEMS.header), 3, "ktp");
  if (head.get(3) !== BODY) refuse("Malformed", "content type");
  return { header: header(head.get("ktp"), kind), body: payload };
}

async function openSealed(file, kind, trusted, ours) {
  if (file.length > MOST_BYTES) refuse("TooLarge", "the file");
  const first = part(file, 0, ENCRYPT_TAG);
  if (first.end === file.length) refuse("SignatureMissing", "no COSE_Sign");
  const second = part(file, first.end, SIGN_TAG);
  if (second.end !== file.length) refuse("TrailingBytes", "after the COSE_Sign");
  const { protectedHeader, payload } = signed(second, trusted);
  const envelope = labels(decode(protectedHeader, MOST_ITEMS.header), 258, 259);
  if (envelope.get(258) !== SHA256) refuse("UnknownAlgorithm", "of the hash");
  if (envelope.get(259) !== PREIMAGE) refuse("Malformed", "of something else");
  if (hex(payload) !== hash(file.subarray(0, first.end))) refuse("SignatureWrong", "of another content");

  const [own, content] = [byteString(first.fields[0]), byteString(first.fields[2])];
  const head = labels(decode(own, MOST_ITEMS.header), 1, 3, "ktp");
  if (head.get(1) !== A256GCM) refuse("UnknownAlgorithm", "of the content");
  if (head.get(3) !== BODY) refuse("Malformed", "content type");
  const nonce = bytes(labels(decode(first.fields[1], MOST_ITEMS.part), 5).get(5), 12);
  if (content.length < 16) refuse("Malformed", "no tag");
  const recipients = decode(first.fields[3], MOST_ITEMS.part);
  if (!Array.isArray(recipients) || recipients.length < 1 || recipients.length > 8) refuse("Malformed", "recipients");
  const found = recipients.map((recipient) => {
    if (!Array.isArray(recipient) || recipient.length !== 3) refuse("Malformed", "a recipient");
    const wrapping = labels(decode(bytes(recipient[0]), MOST_ITEMS.header), 1, 4);
    if (wrapping.get(1) !== HPKE_XWING) refuse("UnknownAlgorithm", "of a recipient");
    const encapsulated = bytes(labels(recipient[1], -4).get(-4), 1120);
    return { own: recipient[0], key: hex(bytes(wrapping.get(4), 16)), encapsulated, wrapped: bytes(recipient[2], 48) };
  });
  if (new Set(found.map(({ key }) => key)).size !== found.length) refuse("Duplicated", "a recipient");
  const told = header(head.get("ktp"), kind);

  const recipient = found.find(({ key }) => key === ours.id) ?? refuse("NotForUs", "sealed to others");
  const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const info = cbor.encode(["HPKE Recipient", A256GCM, recipient.own, own]);
  try {
    const secret = await suite.kem.importKey("raw", buffer(ours.seed), false);
    const opened = await suite.createRecipientContext({
      recipientKey: secret,
      enc: buffer(recipient.encapsulated),
      info: buffer(info),
    });
    const contentKey = new Uint8Array(await opened.open(buffer(recipient.wrapped)));
    if (contentKey.length !== 32) throw new Error("length");
    const cipher = createDecipheriv("aes-256-gcm", contentKey, nonce);
    cipher.setAAD(cbor.encode(["Encrypt", own, new Uint8Array(0)]));
    cipher.setAuthTag(content.subarray(content.length - 16));
    return { header: told, body: Buffer.concat([cipher.update(content.subarray(0, -16)), cipher.final()]) };
  } catch {
    return refuse("CannotOpen", "with our key");
  }
}

// §3 -----------------------------------------------------------------------------------------------------------------

const hex = (value) => Buffer.from(value).toString("hex");
const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"));
const hash = (value) => createHash("sha256").update(value).digest("hex");
const buffer = (value) => new Uint8Array(value).buffer;
const idOf = (kind, raw) => hash(Buffer.concat([Buffer.from(`rekam ${kind} key v1\0`), raw])).slice(0, 32);

function verifyingKey({ seeds, public: known }) {
  const both = seeds && unhex(seeds);
  const raw = both
    ? Buffer.concat([ed25519.getPublicKey(both.subarray(0, 32)), ml_dsa44.keygen(both.subarray(32)).publicKey])
    : unhex(known);
  return { raw: new Uint8Array(raw), id: idOf("verifying", raw) };
}

function openingKey({ seed }) {
  return { seed: unhex(seed), id: idOf("sealing", xwing.keygen(unhex(seed)).publicKey) };
}

const READ = {
  packet: ["recording", "station", "packets"],
  receipt: ["receipt", "receipts"],
  order: ["order", "orders", "station opening"],
  roster: ["roster", "rosters", "station opening"],
  states: ["states", "states", "station opening"],
  keys: ["keys", "root", "station opening"],
  manifest: ["manifest", "station"],
  request: ["request", "station"],
  grant: ["grant", "root", "station opening"],
};
const INTRODUCED = 1344, MOST_INTRODUCED = 64 * 1024; // bytes: the key before a request and a grant, and all of either

// Of bytes; of nothing else is one made here.
function fingerprint(...parts) {
  const list = cbor.encode(parts.map((part) => new Uint8Array(Buffer.from(part))));
  const number = BigInt(`0x${hash(Buffer.concat([Buffer.from("rekam fingerprint v1\0"), list]))}`) % 10n ** 30n;
  return number.toString().padStart(30, "0").match(/.{5}/g).join(" ");
}

// The SubjectPublicKeyInfo of a P-256 key in a PKCS #10: 91 bytes that begin alike.
function publicKeyOf(pem) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const at = der.indexOf(unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"));
  return der.subarray(at, at + 91);
}

function told(name, { raw, header, body }) {
  if (name.endsWith(".grant")) return fingerprint("root", raw);
  const asked = decode(new Uint8Array(body), MOST_ITEMS.body), csr = Buffer.from(asked.get("csr")).toString();
  const names = `${header.from} ${asked.get("province")}`;
  return fingerprint("request", names, raw, asked.get("sealing"), publicKeyOf(csr));
}

// The vectors --------------------------------------------------------------------------------------------------------

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../../record/vectors");
const described = JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8"));
const keys = {};
for (const [name, key] of Object.entries(described.signing)) keys[name] = verifyingKey(key);
for (const [name, key] of Object.entries(described.sealing)) keys[name] = openingKey(key);
let wrong = 0, opened = 0, refused = 0;

const check = (holds, what) => {
  if (holds) return;
  wrong += 1;
  console.error(`WRONG: ${what}`);
};

async function open(name, file, to) {
  const [kind, signer, own] = READ[name.split(".").pop()];
  let trusted = keys[signer];
  if (kind === "request" || kind === "grant") {
    if (file.length > MOST_INTRODUCED) refuse("TooLarge", "the file");
    if (file.length <= INTRODUCED) refuse("CutShort", "the key before it");
    trusted = verifyingKey({ public: hex(file.subarray(0, INTRODUCED)) });
    file = file.subarray(INTRODUCED);
  }
  const found = await (own ? openSealed(file, kind, trusted, keys[to ?? own]) : openSigned(file, kind, trusted));
  return { ...found, raw: trusted.raw };
}

for (const group of [described.signing, described.sealing])
  for (const [name, { id }] of Object.entries(group)) check(keys[name].id === id, `the id of the key ${name}`);

for (const [name, digest] of Object.entries(described.sha256)) {
  const file = new Uint8Array(readFileSync(join(folder, name)));
  check(hash(file) === digest, `${name} is another file`);
  for (const to of name.endsWith(".packet") && keys.escrow ? ["packets", "escrow"] : [undefined]) {
    try {
      const found = await open(name, file, to), { header: head, body } = found;
      const expected = described.bodies?.[name] ?? null;
      check(expected === null || hash(body) === expected, `the body of ${name}`);
      decode(new Uint8Array(body), MOST_ITEMS.body);
      const shown = described.fingerprints?.[name];
      check(shown === undefined || told(name, found) === shown, `the fingerprint of ${name}`);
      console.log(`${name}: ${head.kind} ${head.id}, sequence ${head.seq}, ${body.length} bytes${to ? `, by ${to}` : ""}`);
      opened += 1;
    } catch (error) {
      check(false, `${name} does not open: ${error.name}: ${error.message}`);
    }
  }
}

const bad = join(folder, "bad");
for (const name of existsSync(bad) ? readdirSync(bad).sort() : []) {
  let said = "nothing";
  try {
    await open(name, new Uint8Array(readFileSync(join(bad, name))));
  } catch (error) {
    said = error.name;
    if (!(error instanceof Refused)) console.error(error);
  }
  check(said === name.split("-")[0], `${name} is refused with ${said}`);
  refused += 1;
}

console.log(`Node.js ${process.version}: ${opened} opened, ${refused} refused by name, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
