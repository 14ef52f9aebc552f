import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that listens on a port. */
export interface PortOwner {
	readonly pid: number;
	/** Its command line. Empty if this user may not read it. */
	readonly command: string;
}

/** The state of a listening socket in the tables of Linux. */
const listening = "0A";

/**
 * The process of this machine that listens on a port. Undefined if the system does not tell: on systems other than
 * Linux, and for processes of other users.
 */
export function portOwner(port: number): PortOwner | undefined {
	const sockets = new Set([...inodes("/proc/net/tcp", port), ...inodes("/proc/net/tcp6", port)]);
	if (sockets.size === 0) return undefined;
	const pids = list("/proc").filter((name) => /^\d+$/.test(name));
	const pid = pids.find((candidate) =>
		list(`/proc/${candidate}/fd`).some((fd) => sockets.has(link(`/proc/${candidate}/fd/${fd}`))),
	);
	if (pid === undefined) return undefined;
	const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
	return { pid: Number(pid), command };
}

/** The sockets that listen on a port, in the form of the links of file descriptors: `socket:[1234]`. */
function inodes(table: string, port: number): string[] {
	return read(table)
		.split("\n")
		.slice(1)
		.map((line) => line.trim().split(/\s+/))
		.filter(([, local = "", , state]) => {
			return state === listening && Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16) === port;
		})
		.map((columns) => `socket:[${columns[9]}]`);
}

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

function list(path: string): string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}

function link(path: string): string {
	try {
		return readlinkSync(path);
	} catch {
		return "";
	}
}
