import json, sys
kept = []  # entries as Loci mirrors them, the oldest first
def write(e): kept.append({"id": str(len(kept)), "text": e["text"]}); return {"changes": [{"op": "write", "entry": kept[-1], "reason": "all is kept"}]}
def read(q): return {"hits": sorted(({"entry": e, "score": len(set(q["text"].split()) & set(e["text"].split()))} for e in kept), key=lambda h: -h["score"])}
def restore(s): kept[:] = s["state"]; return {"entries": kept}
verbs = {"hello": lambda _: {"version": 1, "name": "ten lines"}, "write": write, "read": read, "manage": lambda _: {},
         "snapshot": lambda _: {"state": kept, "entries": kept}, "restore": restore}
for line in sys.stdin:
    call = json.loads(line)
    print(json.dumps({"id": call["id"], "out": verbs[call["verb"]](call["in"])}), flush=True)
