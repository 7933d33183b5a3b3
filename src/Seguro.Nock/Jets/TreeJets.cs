using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Sets and maps (hoon 2h and 2i): <c>[node left right]</c>, a map's node being <c>[key value]</c>.</summary>
/// <remarks>Trees balance by mug, so no real one is deep; the way down a made one is bounded, past which the jet declines.</remarks>
static class TreeJets
{
    private const int Deepest = 120;

    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/gor", (in JetCall call) => call.Sample is Cell c ? Atom.Flag(Order.Gor(c.HeadField, c.TailField)) : null),
        ("two/mor", (in JetCall call) => call.Sample is Cell c ? Atom.Flag(Order.Mor(c.HeadField, c.TailField)) : null),
        ("two/dor", (in JetCall call) => call.Sample is Cell c ? Atom.Flag(Order.Dor(c.HeadField, c.TailField)) : null),
        ("two/by/get", (in JetCall call) => TryFind(call, isMap: true, out Cell? node) ? node is null ? Atom.Zero : new Cell(Atom.Zero, node.TailField) : null),
        ("two/by/has", (in JetCall call) => TryFind(call, isMap: true, out Cell? node) ? Atom.Flag(node is not null) : null),
        ("two/in/has", (in JetCall call) => TryFind(call, isMap: false, out Cell? node) ? Atom.Flag(node is not null) : null),
        ("two/by/put", (in JetCall call) => call.Sample is Cell && call.DoorSample is Noun tree ? Put(tree, call.Sample, isMap: true, 0) : null),
        ("two/in/put", (in JetCall call) => call.DoorSample is Noun tree ? Put(tree, call.Sample, isMap: false, 0) : null),
        ("two/by/gas", (in JetCall call) => Gas(call, isMap: true)),
        ("two/in/gas", (in JetCall call) => Gas(call, isMap: false)),
        ("two/by/del", (in JetCall call) => call.DoorSample is Noun tree ? Delete(tree, call.Sample, isMap: true, 0) : null),
        ("two/in/del", (in JetCall call) => call.DoorSample is Noun tree ? Delete(tree, call.Sample, isMap: false, 0) : null),
        ("two/by/run", (in JetCall call) => call.DoorSample is Noun tree ? Run(call.Machine, tree, call.Sample, withKey: false, 0) : null),
        ("two/by/urn", (in JetCall call) => call.DoorSample is Noun tree ? Run(call.Machine, tree, call.Sample, withKey: true, 0) : null),
        ("two/by/tap", Tap),
        ("two/in/tap", Tap),
        ("two/by/rep", Reduce),
        ("two/in/rep", Reduce),
        ("two/by/all", (in JetCall call) => Every(call, isMap: true, all: true)),
        ("two/by/any", (in JetCall call) => Every(call, isMap: true, all: false)),
        ("two/in/all", (in JetCall call) => Every(call, isMap: false, all: true)),
        ("two/in/any", (in JetCall call) => Every(call, isMap: false, all: false)),
    ];

    private static bool TryNode(Noun tree, out Noun node, out Noun left, out Noun right)
    {
        if (tree is Cell { HeadField: Noun n, TailField: Cell { HeadField: Noun l, TailField: Noun r } })
        {
            (node, left, right) = (n, l, r);
            return true;
        }
        node = left = right = Atom.Zero;
        return false;
    }

    private static Cell Tree(Noun node, Noun left, Noun right) => new(node, new Cell(left, right));

    // False: decline. The node of a set is given as the tail of a cell.
    private static bool TryFind(in JetCall call, bool isMap, out Cell? found)
    {
        found = null;
        if (call.DoorSample is not Noun tree)
            return false;
        Noun key = call.Sample;
        while (TryNode(tree, out Noun node, out Noun left, out Noun right))
        {
            Noun nodeKey = node;
            if (isMap)
            {
                if (node is not Cell pair)
                    return false;
                nodeKey = pair.HeadField;
            }
            if (nodeKey == key)
            {
                found = isMap ? (Cell)node : new Cell(Atom.Zero, node);
                return true;
            }
            tree = Order.Gor(key, nodeKey) ? left : right;
        }
        return Samples.IsNull(tree);
    }

    // Null: decline. Unchanged trees come back as the same object.
    private static Noun? Put(Noun tree, Noun item, bool isMap, int depth)
    {
        if (Samples.IsNull(tree))
            return Tree(item, Atom.Zero, Atom.Zero);
        if (depth > Deepest || !TryNode(tree, out Noun node, out Noun left, out Noun right) || Key(node, isMap) is not Noun nodeKey)
            return null;
        Noun key = isMap ? ((Cell)item).HeadField : item;
        if (key == nodeKey)
            return !isMap || ((Cell)item).TailField == ((Cell)node).TailField ? tree : Tree(item, left, right);
        bool goesLeft = Order.Gor(key, nodeKey);
        Noun below = goesLeft ? left : right;
        Noun? put = Put(below, item, isMap, depth + 1);
        if (put is null || !TryNode(put, out Noun top, out Noun topLeft, out Noun topRight) || Key(top, isMap) is not Noun topKey)
            return null;
        if (Order.Mor(nodeKey, topKey))
            return ReferenceEquals(put, below) ? tree : goesLeft ? Tree(node, put, right) : Tree(node, left, put);
        return goesLeft ? Tree(top, topLeft, Tree(node, topRight, right)) : Tree(top, Tree(node, left, topLeft), topRight);
    }

    private static Noun? Key(Noun node, bool isMap) => isMap ? (node as Cell)?.HeadField : node;

    private static Noun? Gas(in JetCall call, bool isMap)
    {
        if (call.DoorSample is not Noun tree || Samples.Items(call.Sample) is not { } items)
            return null;
        foreach (Noun item in items)
        {
            if ((isMap && item is not Cell) || Put(tree, item, isMap, 0) is not Noun next)
                return null;
            tree = next;
        }
        return tree;
    }

    private static Noun? Delete(Noun tree, Noun key, bool isMap, int depth)
    {
        if (Samples.IsNull(tree))
            return tree;
        if (depth > Deepest || !TryNode(tree, out Noun node, out Noun left, out Noun right) || Key(node, isMap) is not Noun nodeKey)
            return null;
        if (nodeKey == key)
            return Join(left, right, isMap, depth);
        bool goesLeft = Order.Gor(key, nodeKey);
        Noun below = goesLeft ? left : right;
        Noun? deleted = Delete(below, key, isMap, depth + 1);
        if (deleted is null)
            return null;
        return ReferenceEquals(deleted, below) ? tree : goesLeft ? Tree(node, deleted, right) : Tree(node, left, deleted);
    }

    private static Noun? Join(Noun left, Noun right, bool isMap, int depth)
    {
        if (Samples.IsNull(left))
            return right;
        if (Samples.IsNull(right))
            return left;
        if (depth > Deepest || !TryNode(left, out Noun a, out Noun aLeft, out Noun aRight) || !TryNode(right, out Noun b, out Noun bLeft, out Noun bRight)
            || Key(a, isMap) is not Noun aKey || Key(b, isMap) is not Noun bKey)
        {
            return null;
        }
        if (Order.Mor(aKey, bKey))
            return Join(aRight, right, isMap, depth + 1) is Noun joined ? Tree(a, aLeft, joined) : null;
        return Join(left, bLeft, isMap, depth + 1) is Noun under ? Tree(b, under, bRight) : null;
    }

    private static Noun? Run(NockMachine machine, Noun tree, Noun gate, bool withKey, int depth)
    {
        if (tree is Atom)
            return Samples.IsNull(tree) ? tree : null;
        if (depth > Deepest || !NockMachine.CanNest() || !TryNode(tree, out Noun node, out Noun left, out Noun right) || node is not Cell pair)
            return null;
        Noun value = machine.SlamNested(gate, withKey ? pair : pair.TailField);
        return Run(machine, left, gate, withKey, depth + 1) is Noun l && Run(machine, right, gate, withKey, depth + 1) is Noun r
            ? Tree(new Cell(pair.HeadField, value), l, r)
            : null;
    }

    // In the order of the formula: the node, its left, its right.
    private static List<Noun>? Nodes(Noun tree)
    {
        List<Noun> nodes = [];
        Stack<Noun> rest = new();
        rest.Push(tree);
        while (rest.TryPop(out Noun? next))
        {
            if (Samples.IsNull(next))
                continue;
            if (!TryNode(next, out Noun node, out Noun left, out Noun right))
                return null;
            nodes.Add(node);
            rest.Push(right);
            rest.Push(left);
        }
        return nodes;
    }

    // A trap, whose sample is the list so far; what comes last in the tree comes first.
    private static Noun? Tap(in JetCall call)
    {
        if (call.DoorSample is not Noun tree)
            return null;
        Noun list = call.Sample;
        Stack<(Noun Node, Noun Right)> open = new();
        while (true)
        {
            for (; tree is Cell; tree = ((Cell)((Cell)tree).TailField).HeadField)
            {
                if (!TryNode(tree, out Noun node, out _, out Noun right))
                    return null;
                open.Push((node, right));
            }
            if (!Samples.IsNull(tree))
                return null;
            if (!open.TryPop(out (Noun Node, Noun Right) next))
                return list;
            list = new Cell(next.Node, list);
            tree = next.Right;
        }
    }

    private static Noun? Reduce(in JetCall call)
    {
        if (call.DoorSample is not Noun tree || Nodes(tree) is not { } nodes || Axis.At(call.Sample, 13) is not Noun product || !NockMachine.CanNest())
            return null;
        foreach (Noun node in nodes)
            product = call.Machine.SlamNested(call.Sample, new Cell(node, product));
        return product;
    }

    private static Noun? Every(in JetCall call, bool isMap, bool all)
    {
        if (call.DoorSample is not Noun tree || Nodes(tree) is not { } nodes || !NockMachine.CanNest() || (isMap && nodes.Any(node => node is not Cell)))
            return null;
        foreach (Noun node in nodes)
        {
            if (ListJets.Holds(call.Machine, call.Sample, isMap ? ((Cell)node).TailField : node) != all)
                return Atom.Flag(!all);
        }
        return Atom.Flag(all);
    }
}
