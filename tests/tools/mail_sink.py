"""A mail server that keeps nothing: it prints its port, then each mail as a line of JSON. Takes the port to listen on."""

import asyncio
import json
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult


class Printer:
    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        part = lambda kind: mail.get_body((kind,)).get_content()
        told = {
            "to": envelope.rcpt_tos,
            "from": mail["from"],
            "subject": mail["subject"],
            "id": mail["message-id"],
            "text": part("plain"),
            "html": part("html"),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


def session():
    # Whoever signs in may.
    takes = lambda *_: AuthResult(success=True)
    return SMTP(Printer(), hostname="sink.example", authenticator=takes, auth_require_tls=False)


async def serve(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", port)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(serve(int(sys.argv[1])))
