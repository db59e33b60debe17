import { get } from 'node:http';
import { Socket } from 'node:net';
import { afterAll, expect, it, vi } from 'vitest';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { ASK_AFTER_MS } from '../../src/tcp-keep-alive.ts';
import { AudioSocketPeer, findFreePort } from '../support/audiosocket-peer.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';

afterAll(closeTestServices);

it('asks the system to find dead peers of every kind of connection', async () => {
  const watched: { readonly port: number | undefined; readonly args: readonly unknown[] }[] = [];
  const { setKeepAlive } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'setKeepAlive').mockImplementation(function (this: Socket, ...args) {
    watched.push({ port: this.localPort, args });
    return setKeepAlive.apply(this, args);
  });
  const audioSocketPort = await findFreePort();
  const platforms = { ...DEFAULT_PLATFORM_SETTINGS, audioSocketPort };
  const host = await startTestService({ config: { platforms } });
  const on = (port: number) => watched.filter((entry) => entry.port === port);

  const silentPlatform = await PlatformPeer.connect(host.port, { path: '/v1/platforms/livekit' });
  const reader = await PlatformPeer.connect(host.port, { path: '/v1/calls' });
  await new Promise((resolve) => get({ port: host.port, path: '/healthz' }, resolve));
  expect(on(host.port)).toHaveLength(3);
  const asterisk = await AudioSocketPeer.connect(audioSocketPort);
  while (on(audioSocketPort).length === 0) await host.clock.sleep(5);
  expect(watched.map(({ args }) => args)).toEqual(Array(4).fill([true, ASK_AFTER_MS]));
  for (const { socket } of [silentPlatform, reader]) socket.terminate();
  asterisk.socket.destroy();
});
