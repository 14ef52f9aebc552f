import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { refusal, unavailable } from "@allium/core/adapter";
import { afterSilence } from "@allium/core/transport";
import type { PostgresAddress, PostgresHost } from "./postgres-url.ts";

/** How long a server may take to accept a connection, and then to agree on TLS, in milliseconds. */
const connectMs = 5_000;
/** How long a connection is silent before the system asks whether it is still there, in milliseconds. */
const keepAliveMs = 30_000;
/** The message that asks a server for TLS. See https://www.postgresql.org/docs/current/protocol-message-formats.html */
const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const yes = "S".charCodeAt(0);

/**
 * Connects to a server, with TLS where the address asks for it. It never rejects, because the client library would
 * then never use the connection's place again: what went wrong is the error of the stream that is returned.
 */
export async function serverSocket(host: PostgresHost, address: PostgresAddress): Promise<Duplex> {
	const socket = connect(host);
	try {
		return await inTime(socket, async () => {
			await once(socket, "connect");
			socket.setKeepAlive(true, keepAliveMs);
			socket.setNoDelay(true);
			return address.tls === "off" ? socket : await secured(socket, host, address);
		});
	} catch (error) {
		socket.destroy();
		return broken(error);
	}
}

async function inTime(socket: Socket, run: () => Promise<Duplex>): Promise<Duplex> {
	const timer = afterSilence(connectMs, () =>
		socket.destroy(unavailable(`no connection within ${connectMs / 1_000} seconds`)),
	);
	try {
		return await run();
	} finally {
		timer.stop();
	}
}

async function secured(
	socket: Socket,
	{ host, port }: PostgresHost,
	{ tls, ca, cert, key, serverName }: PostgresAddress,
): Promise<TLSSocket> {
	socket.write(tlsRequest);
	const [answer]: Buffer[] = await once(socket, "data");
	if (answer?.[0] !== yes) {
		throw refusal(
			`PostgreSQL at ${host}:${port} has no TLS; switch it on there, or write postgres:// to go without`,
		);
	}
	const name = serverName ?? host;
	const stream = connectTls({
		socket,
		host: name,
		...(isIP(name) === 0 && { servername: name }),
		rejectUnauthorized: tls === "verified",
		...(ca !== undefined && { ca: readText("ca", ca) }),
		...(cert !== undefined && { cert: readText("cert", cert) }),
		...(key !== undefined && { key: readText("key", key) }),
	});
	await once(stream, "secureConnect");
	return stream;
}

function readText(name: string, path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		throw refusal(`${name} names the file ${path}, which cannot be read; name a file that can`, error);
	}
}

/** A stream that fails with the first thing that is written to it. */
function broken(error: unknown): Duplex {
	const cause = error instanceof Error ? error : new Error(String(error));
	return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(cause) });
}
