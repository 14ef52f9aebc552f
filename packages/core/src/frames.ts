/** The frames protocol, its pipes and its transports: `@allium/core/frames`. */

export { checkFrameLimits, defaultFrameLimits, type FrameLimits } from "./frames/frame-limits.ts";
export {
	checkFramesOptions,
	type DialPipe,
	FramesPeer,
	type FramesPeerOptions,
} from "./frames/frames-peer.ts";
export { memoryPipes } from "./frames/memory-pipe.ts";
export { type MemoryTransportOptions, memoryTransport } from "./frames/memory-transport.ts";
export { refusalBytes } from "./frames/refusal.ts";
export { ResetCount } from "./frames/reset-count.ts";
export { ServerConnection, type ServerConnectionOptions } from "./frames/server-connection.ts";
export { WebSocketPipe, webSocketPath, webSocketProtocol } from "./frames/websocket-pipe.ts";
export { type WebSocketOptions, webSocketTransport } from "./frames/websocket-transport.ts";
