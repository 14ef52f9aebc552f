import type { Logger } from "@allium/core";
import type { Connection } from "rabbitmq-client";

/** The log of a connection, and the names that its lines give. */
export interface ConnectionLogOptions {
	readonly logger: Logger;
	/** The server as a URL for people to read: without secrets. */
	readonly server: string;
	/** The name that the connection has in the server. */
	readonly name: string;
}

/** Logs when a connection is lost and when it is there again, and when the server takes nothing from publishers. */
export function logConnection(
	connection: Connection,
	{ logger, server, name }: ConnectionLogOptions,
): { stop(): void } {
	let [isLost, isOver] = [false, false];
	const fields = { connection: name, server };
	connection.on("error", (error) => {
		if (isLost || isOver) return;
		isLost = true;
		logger.log("warn", "the connection to RabbitMQ is lost; it is being made again", { ...fields, error });
	});
	connection.on("connection", () => {
		if (isLost) logger.log("info", "the connection to RabbitMQ is there again", fields);
		isLost = false;
	});
	connection.on("connection.blocked", (reason) => {
		const message = "RabbitMQ takes nothing from publishers; make room in its memory or on its disk";
		logger.log("warn", message, { ...fields, reason });
	});
	connection.on("connection.unblocked", () => {
		logger.log("info", "RabbitMQ takes what is published again", fields);
	});
	return {
		stop() {
			isOver = true;
		},
	};
}
