/** MEDIA_START as Asterisk writes it to a channel with `f(plain-text)`. */
export function plainMediaStart(format = 'ulaw', channelId = '1795436724.4'): string {
  return (
    `MEDIA_START connection_id:detector channel:WebSocket/detector/0x5647004f3f70 ` +
    `channel_id:${channelId} format:${format} optimal_frame_size:160 ptime:20`
  );
}

/** MEDIA_START as Asterisk writes it to a channel with `f(json)`. */
export function jsonMediaStart(
  format = 'ulaw',
  channelId = '1795436724.4',
  variables: Readonly<Record<string, string>> = {},
): string {
  return JSON.stringify({
    event: 'MEDIA_START',
    connection_id: 'detector',
    channel: 'WebSocket/detector/0x5647004f3f70',
    channel_id: channelId,
    format,
    optimal_frame_size: 160,
    ptime: 20,
    channel_variables: { MEDIA_WEBSOCKET_CONNECTION_ID: 'detector', ...variables },
  });
}

/** Every other event, in both forms. */
export const ASTERISK_NOTICES: readonly string[] = [
  'MEDIA_XOFF',
  'MEDIA_XON',
  'QUEUE_DRAINED',
  'MEDIA_BUFFERING_COMPLETED',
  'MEDIA_MARK_PROCESSED mark-1',
  'DTMF_END digit:5 channel_id:1795436724.4',
  'STATUS channel_id:1795436724.4 queue_length:0 xon_level:800 xoff_level:900 queue_full:false bulk_media:false media_paused:false',
  'ERROR channel_id:1795436724.4 error_text:Unrecognized command',
  'SOMETHING_NEW a:b',
  '',
  '{"event":"MEDIA_XOFF","channel_id":"1795436724.4"}',
  '{"event":"DTMF_END","channel_id":"1795436724.4","digit":"5"}',
  '{"event":"STATUS","channel_id":"1795436724.4","queue_length":0,"xon_level":800,"xoff_level":900,"queue_full":false,"bulk_media":false,"media_paused":false}',
  '{"event":"ERROR","channel_id":"1795436724.4","error_text":"Unrecognized command"}',
  '{"event":"SOMETHING_NEW"}',
  '{"event":7}',
  '{}',
];
