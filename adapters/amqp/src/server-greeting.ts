import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Context } from "@allium/core";
import { whileLasts } from "@allium/core/transport";
import type { AmqpAddress } from "./amqp-url.ts";
import { tlsOptions } from "./rabbit-connection.ts";

/** The protocol header with which a client of AMQP 0-9-1 begins. */
const greeting = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1);

/** The header of a frame, and the ids and versions before the properties of the server, in bytes. */
const beforeProperties = 7 + 6;

/** The longest greeting that is read, in bytes. */
const most = 65_536;

/**
 * Asks the servers in turn for their product and version, such as `RabbitMQ 3.10.8`. A server sends them before the
 * login. The client library hides them, so this opens a connection of its own. Undefined if no server answers.
 */
export async function serverVersion(address: AmqpAddress, ctx: Context): Promise<string | undefined> {
	const secure = address.tls ? await tlsOptions(address) : undefined;
	for (const place of address.hosts) {
		const url = new URL(`amqp://${place}`);
		const target = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
		const socket = secure === undefined ? connect(target) : connectTls({ ...target, ...secure });
		try {
			const properties = await whileLasts(greeted(socket), ctx);
			const [product, version] = [properties.get("product"), properties.get("version")];
			return version === undefined ? product : `${product ?? "RabbitMQ"} ${version}`;
		} catch {
			// The next one may be there.
		} finally {
			socket.destroy();
		}
	}
	return undefined;
}

/** Sends the protocol header. Resolves to the text properties in the server's answer. */
async function greeted(socket: Socket): Promise<ReadonlyMap<string, string>> {
	socket.write(greeting);
	let said = Buffer.alloc(0);
	for await (const chunk of socket) {
		said = Buffer.concat([said, chunk]);
		if (said.length >= beforeProperties + 4) {
			const end = beforeProperties + 4 + said.readUInt32BE(beforeProperties);
			if (said.length >= end) return texts(said.subarray(beforeProperties + 4, end));
		}
		if (said.length > most) break;
	}
	throw new Error("this is no server of AMQP 0-9-1");
}

/** Reads the text fields of a table. Other fields are skipped, up to the first kind that servers do not send here. */
function texts(table: Buffer): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	for (let at = 0; at < table.length; ) {
		const nameEnd = at + 1 + table.readUInt8(at);
		const name = table.toString("utf8", at + 1, nameEnd);
		const kind = String.fromCharCode(table.readUInt8(nameEnd));
		if (kind === "t") {
			at = nameEnd + 2;
			continue;
		}
		if (kind !== "S" && kind !== "F") break;
		const end = nameEnd + 5 + table.readUInt32BE(nameEnd + 1);
		if (kind === "S") found.set(name, table.toString("utf8", nameEnd + 5, end));
		at = end;
	}
	return found;
}
