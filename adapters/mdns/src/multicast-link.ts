import { createSocket, type Socket } from "node:dgram";
import { errorText, type Logger } from "@allium/core";
import { refusal, unavailable } from "@allium/core/adapter";
import { after } from "@allium/core/transport";
import { decode, encode, type Packet } from "dns-packet";
import type { LocalNetwork } from "./local-network.ts";

/** The group and the port of multicast DNS: RFC 6762, section 3. */
const group = "224.0.0.251";
export const mdnsPort = 5353;

/** Packets stay on the link, and arrive with the hop limit that they were sent with: RFC 6762, section 11. */
const hopLimit = 255;
/** How much may wait to be read, in bytes: as much as the system allows, up to this. */
const receiveBuffer = 4 * 1024 * 1024;
/**
 * How many packets are sent at once, and the pause after them in milliseconds. Receivers lose packets for which they
 * have no room.
 */
const burst = 32;
const pauseMs = 5;

/** Options of {@link MulticastLink}. */
export interface MulticastLinkOptions {
	readonly network: LocalNetwork;
	readonly port: number;
	readonly logger: Logger;
	/** Called with each packet of this network, including packets that this process sent. */
	readonly received: (packet: Packet) => void;
}

/** Sends and receives packets of multicast DNS on one local network. It shares the port with other programs. */
export class MulticastLink {
	readonly #options: MulticastLinkOptions;
	readonly #socket: Socket;
	readonly #ended = new AbortController();
	#sending: Promise<void> = Promise.resolve();
	#sent = 0;

	private constructor(options: MulticastLinkOptions) {
		this.#options = options;
		this.#socket = createSocket({ type: "udp4", reuseAddr: true });
		this.#socket.on("message", (bytes, { address, port }) => {
			// RFC 6762, sections 6 and 11: a packet from elsewhere, or from another port, is no multicast DNS of this link.
			if (port === options.port && options.network.contains(address)) this.#receive(bytes);
		});
	}

	/** @throws ServiceError `failed_precondition` when the port cannot be shared, or the interface takes no multicast. */
	static async open(options: MulticastLinkOptions): Promise<MulticastLink> {
		const link = new MulticastLink(options);
		try {
			await link.#bind();
			return link;
		} catch (error) {
			await link.close();
			const { network, port } = options;
			throw refusal(
				`multicast DNS cannot use ${network.address} and port ${port}: ${errorText(error)}; name another address of this host by interface`,
				error,
			);
		}
	}

	/**
	 * Sends a packet after all earlier ones.
	 *
	 * @throws ServiceError `unavailable` when the network does not take it.
	 */
	send(packet: Packet): Promise<void> {
		const bytes = encode(packet);
		const sent = this.#sending.then(() => this.#send(bytes));
		this.#sending = sent.catch(() => {});
		return sent;
	}

	/** Packets that wait are not sent. A second call has no further effect. */
	async close(): Promise<void> {
		if (this.#ended.signal.aborted) return;
		this.#ended.abort();
		await new Promise<void>((resolve) => this.#socket.close(resolve));
	}

	async #bind(): Promise<void> {
		const { port, network } = this.#options;
		await new Promise<void>((resolve, reject) => {
			this.#socket.once("error", reject);
			this.#socket.bind({ port, address: "0.0.0.0" }, () => {
				this.#socket.off("error", reject);
				resolve();
			});
		});
		this.#socket.on("error", (error) => {
			this.#options.logger.log("warn", "the socket of multicast DNS has failed", { error });
		});
		this.#socket.setMulticastInterface(network.address);
		this.#socket.addMembership(group, network.address);
		this.#socket.setMulticastTTL(hopLimit);
		this.#socket.setMulticastLoopback(true);
		this.#socket.setRecvBufferSize(receiveBuffer);
	}

	#receive(bytes: Buffer): void {
		let packet: Packet;
		try {
			packet = decode(bytes);
		} catch {
			// Anybody on the network may send anything.
			return;
		}
		this.#options.received(packet);
	}

	async #send(bytes: Buffer): Promise<void> {
		if (++this.#sent % burst === 0) await new Promise<void>((resolve) => after(pauseMs, resolve));
		const { network, port } = this.#options;
		if (this.#ended.signal.aborted) throw refusal("the registry is closed");
		await new Promise<void>((resolve, reject) => {
			this.#socket.send(bytes, port, group, (error) => {
				if (error === null) return resolve();
				const message = `multicast DNS cannot send on ${network.address}: ${errorText(error)}`;
				reject(unavailable(message, error));
			});
		});
	}
}
