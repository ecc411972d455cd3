"""A complete world: three doors, one of which is open; which one depends on the split and the seed and changes never within an episode."""
import json, random, sys

DOORS = ["red", "green", "blue"]
episodes = {}  # number of the episode -> the open door


def hello(_):
    return {"version": 1, "name": "three doors", "horizon": 4, "splits": ["train", "test"], "actions": DOORS, "oracle": True,
            "words": ["which", "door", "is", "open", "shut"] + DOORS}


def start(q):
    door = random.Random(f"{q['split']} {q['seed']}").choice(DOORS)
    episodes[q["episode"]] = {"open": door, "found": False}
    return {"told": "which door is open", "best": door}


def act(q):
    e = episodes[q["episode"]]
    if q["answer"] not in DOORS:
        return {"told": "which door is open", "best": e["open"], "reward": 0, "done": False, "note": "there is no such door"}
    e["found"] = q["answer"] == e["open"]
    told = q["answer"] + (" is open" if e["found"] else " is shut")
    return {"told": told, "best": e["open"], "reward": 1 if e["found"] else -1, "done": e["found"]}


def info(q):
    return {"success": episodes.pop(q["episode"])["found"]}


verbs = {"hello": hello, "start": start, "act": act, "info": info}
for line in sys.stdin:
    call = json.loads(line)
    try:
        reply = {"out": verbs[call["verb"]](call["in"])}
    except Exception as e:
        reply = {"error": {"message": f"{type(e).__name__}: {e}"}}
    print(json.dumps({"id": call["id"], **reply}), flush=True)
