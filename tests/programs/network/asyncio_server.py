"""An asyncio server that turns lines around, until one says `stop`; it counts its descriptors."""

import asyncio
import os

seen = 0


async def serve(reader, writer):
    global seen
    seen += 1
    try:
        while line := await reader.readline():
            if line == b"stop\n":
                done.set()
                break
            writer.write(line[:-1][::-1] + b"\n")
            await writer.drain()
    except ConnectionResetError:
        pass
    finally:
        writer.close()


async def main():
    global done
    done = asyncio.Event()
    server = await asyncio.start_server(serve, "0.0.0.0", 7000, backlog=200)
    before = len(os.listdir("/proc/self/fd"))
    print("ready", flush=True)
    await done.wait()
    for _ in range(1000):
        if len(os.listdir("/proc/self/fd")) <= before:
            break
        await asyncio.sleep(0.01)
    print("connections", seen, "left over", len(os.listdir("/proc/self/fd")) - before)
    server.close()


asyncio.run(main())
