/** The frames protocol, its pipes and its transports: `@allium/core/frames`. */

export {
	checkFramesOptions,
	type DialPipe,
	FramesPeer,
	type FramesPeerOptions,
} from "./frames/frames-peer.ts";
export { memoryPipes } from "./frames/memory-pipe.ts";
export { memoryTransport } from "./frames/memory-transport.ts";
export { ResetCount } from "./frames/reset-count.ts";
export { ServerConnection } from "./frames/server-connection.ts";
export { checkFrameLimits, defaultFrameLimits, type FrameLimits } from "./frames/settings.ts";
export { WebSocketPipe, webSocketPath, webSocketProtocol } from "./frames/websocket-pipe.ts";
export { type WebSocketOptions, webSocketTransport } from "./frames/websocket-transport.ts";
