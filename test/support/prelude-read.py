"""Messages of Prelude's native protocol, read and written again by libprelude.

Usage: prelude-read.py MESSAGES VIEWS AGAIN. MESSAGES holds messages with their headers, one behind the other. For each,
VIEWS gets a line of JSON (libprelude's own view of the message; numbers as strings, or {"error": TEXT}), and AGAIN the
bytes libprelude writes for it. Needs python3-prelude, which is there for the Python of the distribution alone.
"""

import json
import sys

import prelude

messages, views, again = sys.argv[1:]
# libprelude reads from the descriptor; Python must hold nothing back.
with open(messages, "rb", buffering=0) as source, open(views, "w", encoding="utf-8") as seen:
    with open(again, "wb", buffering=0) as rewritten:
        while True:
            message = prelude.IDMEF()
            try:
                if not message.read(source):
                    break
            except prelude.PreludeError as error:
                seen.write(json.dumps({"error": str(error)}) + "\n")
                continue
            view = json.loads(message.toJSON(), parse_int=str, parse_float=str, strict=False)
            seen.write(json.dumps(view) + "\n")
            message.write(rewritten)
