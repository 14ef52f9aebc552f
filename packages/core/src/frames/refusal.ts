import { standardBytes } from "../transport/pipe.ts";
import { defaultFrameLimits } from "./frame-limits.ts";
import { FrameWriter } from "./wire/frame-writer.ts";
import { beginGoaway, GoawayCode } from "./wire/goaway-frame.ts";
import { jsonOnly, writeSettings } from "./wire/settings-frame.ts";

/**
 * The bytes by which a server turns a client away before any call: the preface, SETTINGS, and a GOAWAY with the reason,
 * which the errors of the client's calls repeat.
 */
export function refusalBytes(reason: string): Uint8Array {
	const writer = new FrameWriter(standardBytes);
	writer.preface();
	writeSettings(writer, defaultFrameLimits, jsonOnly);
	beginGoaway(writer, 0, GoawayCode.refused, reason);
	writer.finish();
	return writer.take() ?? new Uint8Array();
}
