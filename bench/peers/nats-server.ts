import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Helper } from "../stack.ts";

/** The default address of NATS. */
export const natsUrl: string = process.env.NATS_URL ?? "nats://127.0.0.1:4222";

/** Fails at once if nobody listens, because some clients would retry for ever. */
export function requireNats(): Promise<void> {
	const { hostname, port } = new URL(natsUrl);
	return new Promise((resolve, reject) => {
		const socket = connect(Number(port || 4222), hostname, () => {
			socket.destroy();
			resolve();
		});
		socket.on("error", ({ message }) => reject(new Error(`no NATS at ${natsUrl}: ${message}`)));
	});
}

/** The processes of the NATS server on this machine. Their work is part of each call. None if they cannot be found. */
export function natsServer(): Helper[] {
	try {
		return readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name) && commandOf(name) === "nats-server")
			.map((name) => ({ pid: Number(name), pin: false }));
	} catch {
		return [];
	}
}

function commandOf(pid: string): string | undefined {
	try {
		return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
	} catch {
		return undefined;
	}
}
