"""Criteria of libprelude against messages of Prelude's native protocol.

Usage: prelude-criteria.py MESSAGES CRITERIA VERDICTS. MESSAGES holds messages with their headers, one behind the other;
CRITERIA a JSON string a line. For each line VERDICTS gets a line of JSON: {"error": TEXT} when libprelude cannot read it,
else a list with true, false or null (it gave up) for each message. Needs python3-prelude.
"""

import json
import sys

import prelude


def verdict(criteria, message):
    try:
        return bool(criteria.match(message))
    except Exception:
        return None


messages_path, criteria_path, verdicts_path = sys.argv[1:]
messages = []
# libprelude reads from the descriptor; Python must hold nothing back.
with open(messages_path, "rb", buffering=0) as source:
    while True:
        message = prelude.IDMEF()
        if not message.read(source):
            break
        messages.append(message)
with open(criteria_path, encoding="utf-8") as lines, open(verdicts_path, "w", encoding="utf-8") as out:
    for line in lines:
        try:
            criteria = prelude.IDMEFCriteria(json.loads(line))
        except Exception as error:
            out.write(json.dumps({"error": str(error).strip()}) + "\n")
            continue
        out.write(json.dumps([verdict(criteria, message) for message in messages]) + "\n")
