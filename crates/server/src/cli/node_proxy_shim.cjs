// Loaded with --require by commands under `claviger exec`.
//
// Many versions of Node.js ignore HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and those that honour them do so for the global
// agents only, while SDKs make agents of their own. This makes every http.Agent and https.Agent, and the built-in fetch,
// open a CONNECT tunnel where the variables ask for one. An agent or dispatcher that was given a proxy is left alone.
'use strict';

(() => {
  const once = Symbol.for('claviger.proxy');
  if (globalThis[once]) return;
  Object.defineProperty(globalThis, once, { value: true });

  const { Duplex } = require('node:stream');
  const net = require('node:net');
  const tls = require('node:tls');
  const http = require('node:http');
  const https = require('node:https');

  // Node.js 22 warns on stderr, at each start, that its own part of this is experimental.
  for (const show of process.listeners('warning')) {
    process.removeListener('warning', show);
    process.on('warning', (warning) => warning.code === 'UNDICI-EHPA' || show.call(process, warning));
  }

  const variable = (name) => process.env[name.toLowerCase()] || process.env[name.toUpperCase()] || '';

  /** Whether NO_PROXY exempts the host. */
  function exempt(host, port) {
    return variable('no_proxy')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean)
      .some((entry) => {
        if (entry === '*') return true;
        const parts = /^(.*[^:]):(\d+)$/.exec(entry);
        if (parts && !net.isIPv6(entry)) {
          if (Number(parts[2]) !== port) return false;
          entry = parts[1];
        }
        const name = entry.replace(/^\*?\./, '').replace(/^\[|\]$/g, '');
        return host === name || host.endsWith(`.${name}`);
      });
  }

  /** The proxy for a host, or nothing. */
  function proxyFor(protocol, host, port) {
    const value = variable(protocol === 'https:' ? 'https_proxy' : 'http_proxy');
    if (!value || exempt(host.toLowerCase(), port)) return undefined;
    try {
      const url = new URL(value.includes('://') ? value : `http://${value}`);
      return url.protocol === 'http:' ? url : undefined;
    } catch {
      return undefined;
    }
  }

  /** Opens a tunnel and hands over its socket. */
  function tunnel(proxy, host, port, callback) {
    const socket = net.connect({ host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port) || 80 });
    let head = Buffer.alloc(0);
    const finish = (error) => {
      socket.removeListener('readable', read);
      socket.removeListener('error', finish);
      socket.removeListener('end', ended);
      if (error) {
        socket.destroy();
        callback(error, null);
      } else {
        callback(null, socket);
      }
    };
    const ended = () => finish(new Error(`the proxy closed the connection before the tunnel to ${host} was open`));
    const read = () => {
      for (let chunk; (chunk = socket.read()) !== null; ) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) {
          if (head.length > 65536) finish(new Error('the proxy answers without end'));
          continue;
        }
        const status = head.toString('latin1', 0, head.indexOf('\r\n'));
        if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
        return finish(/^HTTP\/1\.\d 2\d\d/.test(status) ? null : new Error(`no tunnel to ${host}: the proxy says ${status}`));
      }
    };
    socket.on('error', finish);
    socket.on('end', ended);
    socket.on('readable', read);
    const target = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
    const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    const authorization =
      user === ':' ? '' : `Proxy-Authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`;
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  }

  /** A tunnel as a stream that is there at once and flows once the tunnel is open. */
  function tunnelStream(proxy, host, port) {
    let socket;
    let referenced = true;
    const stream = new Duplex({
      construct(callback) {
        tunnel(proxy, host, port, (error, opened) => {
          if (error) return callback(error);
          socket = opened;
          if (!referenced) socket.unref();
          socket.on('data', (chunk) => stream.push(chunk) || socket.pause());
          socket.on('end', () => stream.push(null));
          socket.on('error', (broken) => stream.destroy(broken));
          callback();
        });
      },
      read: () => socket.resume(),
      write: (chunk, encoding, callback) => socket.write(chunk, encoding, callback),
      final: (callback) => socket.end(callback),
      destroy(error, callback) {
        socket?.destroy();
        callback(error);
      },
    });
    const reference = (wanted) => {
      referenced = wanted;
      if (wanted) socket?.ref();
      else socket?.unref();
    };
    return { stream, reference };
  }

  for (const [Agent, protocol, defaultPort] of [[http.Agent, 'http:', 80], [https.Agent, 'https:', 443]]) {
    const original = Agent.prototype.createConnection;
    Agent.prototype.createConnection = function createConnection(options, callback) {
      const direct = options === null || typeof options !== 'object' || typeof callback !== 'function'
        || options.socketPath || options.socket || this.options?.proxyEnv;
      const host = direct ? '' : options.host || options.hostname || 'localhost';
      const port = direct ? 0 : Number(options.port) || defaultPort;
      const proxy = direct ? undefined : proxyFor(protocol, host, port);
      if (!proxy) return original.apply(this, arguments);
      // With a socket in its options the original only puts TLS, and its session cache, on top.
      if (protocol === 'https:' && Object.getPrototypeOf(this) !== Agent.prototype) {
        // A subclass may want its socket at once, as agentkeepalive does.
        const { stream, reference } = tunnelStream(proxy, host, port);
        const socket = original.call(this, { ...options, socket: stream });
        socket.ref = () => (reference(true), socket);
        socket.unref = () => (reference(false), socket);
        return socket;
      }
      tunnel(proxy, host, port, (error, socket) => {
        if (error) return callback(error);
        callback(null, protocol === 'https:' ? original.call(this, { ...options, socket }) : socket);
      });
      return undefined;
    };
  }

  /** Connects for undici, the client behind the built-in fetch: straight or through the proxy. */
  function connect(options, callback) {
    const secure = options.protocol === 'https:';
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const port = Number(options.port) || (secure ? 443 : 80);
    const settle = (socket, event, next) => {
      const failed = (error) => next(error, null);
      socket.once('error', failed);
      socket.once(event, () => {
        socket.removeListener('error', failed);
        next(null, socket);
      });
    };
    const connected = (error, socket) => {
      if (error) return callback(error, null);
      socket.setNoDelay(true);
      if (!secure) return callback(null, socket);
      const servername = options.servername || (net.isIP(host) ? undefined : host);
      settle(tls.connect({ socket, servername, ALPNProtocols: ['http/1.1'] }), 'secureConnect', callback);
    };
    const proxy = proxyFor(options.protocol, host, port);
    if (proxy) return tunnel(proxy, host, port, connected);
    settle(net.connect({ host, port }), 'connect', connected);
  }

  // undici is large and loaded when fetch is first used, so its dispatcher is replaced no sooner.
  const builtIn = globalThis.fetch;
  if (typeof builtIn !== 'function') return;
  const first = function fetch(input, init) {
    if (globalThis.fetch === first) globalThis.fetch = builtIn;
    replaceDispatcher();
    return builtIn(input, init);
  };
  globalThis.fetch = first;

  let replaced = false;
  function replaceDispatcher() {
    if (replaced) return;
    replaced = true;
    void globalThis.Headers; // loads undici, which sets its dispatcher
    const key = Symbol.for('undici.globalDispatcher.1');
    const Dispatcher = globalThis[key]?.constructor;
    if (Dispatcher?.name === 'Agent') globalThis[key] = new Dispatcher({ connect });
  }
})();
