"""Recall of the evidence turns of a LoCoMo file, straight from its JSON: an independent check of what the runs report.

python3 recall.py FILE MEMORY prints one JSON object: category -> [questions, recall at 1, 5, 10, 20, mean reciprocal rank].
"""
import collections, json, math, re, sys

NAMES = {1: "multi_hop", 2: "temporal", 3: "open_domain", 4: "single_hop", 5: "adversarial"}


def words(text):
    return re.findall(r"[^\W_]+", text.lower())


def turns(talk):
    for number in sorted(int(k[8:]) for k in talk if re.fullmatch(r"session_\d+", k)):
        date = talk[f"session_{number}_date_time"]
        for t in talk[f"session_{number}"]:
            said = f'{t["speaker"]}: {t["text"]}'
            if t.get("blip_caption"):
                said += f' [shares a picture: {t["blip_caption"]}]'
            said = " ".join(said.split())
            yield t["dia_id"], said, f"{date}, {said}"


def last_n(said, lines):
    return lambda question: range(len(lines) - 1, -1, -1)


def bm25(said, lines, k1=1.2, b=0.75):
    docs = [collections.Counter(words(s + " " + line)) for s, line in zip(said, lines)]
    sizes = [sum(d.values()) for d in docs]
    mean, having = sum(sizes) / len(docs), collections.Counter(w for d in docs for w in d)
    idf = {w: math.log(1 + (len(docs) - n + 0.5) / (n + 0.5)) for w, n in having.items()}

    def rank(question):
        asked = sorted(words(question))
        scores = [sum(idf[w] * d[w] / (d[w] + k1 * (1 - b + b * size / mean)) for w in asked if w in d) for d, size in zip(docs, sizes)]
        return sorted((i for i, s in enumerate(scores) if s > 0), key=lambda i: (-scores[i], i))

    return rank


def embedding(said, lines, width=384):
    def place(word):
        h = 14695981039346656037
        for byte in word.encode():
            h = (h ^ byte) * 1099511628211 % 2**64
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            h = (h ^ h >> 33) * factor % 2**64
        return h ^ h >> 33

    def vector(text):
        v = [0.0] * width
        for w, n in collections.Counter(words(text)).items():
            h = place(w)
            v[h % 2**63 % width] += (1 + math.log(n)) * (-1 if h >> 63 else 1)
        norm = math.sqrt(sum(x * x for x in v)) or 1
        return {i: x / norm for i, x in enumerate(v) if x}

    bank = [vector(s) for s in said]

    def rank(question):
        q = vector(question)
        scores = [sum(x * d.get(i, 0) for i, x in q.items()) for d in bank]
        return sorted(range(len(bank)), key=lambda i: (-scores[i], i))

    return rank


sums = collections.defaultdict(lambda: [0] * 6)
for record in json.load(open(sys.argv[1])):
    ids, said, lines = zip(*turns(record["conversation"]))
    rank = {"last-n": last_n, "bm25": bm25, "embedding": embedding}[sys.argv[2]](said, lines)
    for qa in record["qa"]:
        evidence = {i for text in qa["evidence"] for i in re.split(r"[;, ]+", text) if i in ids}
        if not evidence:
            continue
        top = [ids[i] for i in rank(qa["question"])][:20]
        places = [n + 1 for n, i in enumerate(top) if i in evidence]
        row = [1] + [len(evidence & set(top[:k])) / len(evidence) for k in (1, 5, 10, 20)] + [1 / places[0] if places else 0]
        for name in ("", NAMES[qa["category"]]):
            sums[name] = [a + b for a, b in zip(sums[name], row)]
print(json.dumps({name: [row[0]] + [x / row[0] for x in row[1:]] for name, row in sums.items()}))
