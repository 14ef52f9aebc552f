import { defaultFrameLimits, type FrameLimits } from "../frame-limits.ts";
import { FrameType, ProtocolError } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";

/** The limits that cross the wire, by the number of their setting. */
const limitIds = {
	maxStreams: 1,
	streamWindowBytes: 2,
	connectionWindowBytes: 3,
	maxMessageBytes: 4,
	maxAssemblyBytes: 6,
} as const;

/** The number of the setting that tells which formats are read, as a mask: bit n stands for the format n. */
const formatsId = 5;

/** The mask of a side that reads JSON alone. */
export const jsonOnly = 1;

/** The settings that a side announces before it sends anything else. */
export type RemoteSettings = {
	-readonly [K in keyof typeof limitIds]: number;
} & {
	/** The formats that it reads: bit n stands for the format n. */
	formats: number;
};

/**
 * SETTINGS: a number (2) and a value (4) for each setting. The mask of formats is left out where it is the
 * default.
 */
export function writeSettings(writer: FrameWriter, limits: FrameLimits, formats: number): void {
	writer.frame(FrameType.settings, 0, 0, encodeSettings(limits, formats));
}

/** The payload of SETTINGS. */
export function encodeSettings(limits: FrameLimits, formats: number = jsonOnly): Uint8Array {
	const entries = Object.entries(limitIds).map(([name, id]): [id: number, value: number] => [
		id,
		limits[name as keyof typeof limitIds],
	]);
	if (formats !== jsonOnly) entries.push([formatsId, formats]);
	entries.sort(([one], [other]) => one - other);
	const bytes = new Uint8Array(entries.length * 6);
	const view = new DataView(bytes.buffer);
	for (const [index, [id, value]] of entries.entries()) {
		view.setUint16(index * 6, id);
		view.setUint32(index * 6 + 2, Math.min(value, 0xffff_ffff));
	}
	return bytes;
}

/**
 * Reads the payload of SETTINGS. A setting that is not known here is skipped.
 *
 * @throws ProtocolError when it is malformed.
 */
export function readSettings(payload: Uint8Array): RemoteSettings {
	if (payload.length % 6 !== 0) throw new ProtocolError("SETTINGS is malformed");
	const { maxStreams, streamWindowBytes, connectionWindowBytes, maxMessageBytes, maxAssemblyBytes } =
		defaultFrameLimits;
	const remote: RemoteSettings = {
		maxStreams,
		streamWindowBytes,
		connectionWindowBytes,
		maxMessageBytes,
		maxAssemblyBytes,
		formats: jsonOnly,
	};
	const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
	for (let offset = 0; offset < payload.length; offset += 6) {
		const id = view.getUint16(offset);
		const value = view.getUint32(offset + 2);
		if (id === formatsId) remote.formats = value | jsonOnly;
		for (const name of Object.keys(limitIds) as (keyof typeof limitIds)[]) {
			if (limitIds[name] === id) remote[name] = value;
		}
	}
	return remote;
}
