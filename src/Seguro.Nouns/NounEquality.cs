using System.Buffers;

namespace Seguro.Nouns;

/// <summary>Structural equality without recursion.</summary>
/// <remarks>
/// Two cells found equal are made to share their halves, so that the next comparison of them, or of anything they are part of, ends at the
/// reference: equal nouns full of sharing, which written out would be exponentially large, cost no more than their distinct cells.
/// </remarks>
static class NounEquality
{
    /// <summary>The same structure?</summary>
    public static bool Same(Noun left, Noun right) => Quick(left, right) ?? SameCells((Cell)left, (Cell)right);

    /// <summary>Decides where no cell has to be entered; null where both are cells that may be equal.</summary>
    private static bool? Quick(Noun left, Noun right)
    {
        if (ReferenceEquals(left, right))
            return true;
        if (left is Atom atom)
            return right is Atom other && atom.Same(other);
        if (right is Atom)
            return false;
        int leftMug = left.MugOrZero;
        int rightMug = right.MugOrZero;
        return leftMug != rightMug && leftMug != 0 && rightMug != 0 ? false : null;
    }

    private static bool SameCells(Cell left, Cell right)
    {
        Pair[] stack = ArrayPool<Pair>.Shared.Rent(32);
        int depth = 0;
        int deepest = 1;
        stack[depth++] = new Pair { Left = left, Right = right };
        bool same = true;
        while (depth > 0)
        {
            ref Pair pair = ref stack[depth - 1];
            Noun a;
            Noun b;
            if (pair.Stage == 0)
            {
                pair.Stage = 1;
                (a, b) = (pair.Left.HeadField, pair.Right.HeadField);
            }
            else if (pair.Stage == 1)
            {
                pair.Stage = 2;
                (a, b) = (pair.Left.TailField, pair.Right.TailField);
            }
            else
            {
                Unify(pair.Left, pair.Right);
                depth--;
                continue;
            }
            bool? quick = Quick(a, b);
            if (quick == true)
                continue;
            if (quick == false)
            {
                same = false;
                break;
            }
            if (depth == stack.Length)
                stack = Pooled.Grow(stack, depth);
            stack[depth++] = new Pair { Left = (Cell)a, Right = (Cell)b };
            deepest = Math.Max(deepest, depth);
        }
        Pooled.Return(stack, deepest);
        return same;
    }

    private static void Unify(Cell left, Cell right)
    {
        right.HeadField = left.HeadField;
        right.TailField = left.TailField;
        if (right.MugOrZero == 0)
            right.MugOrZero = left.MugOrZero;
        else
            left.MugOrZero = right.MugOrZero;
    }

    private struct Pair
    {
        public Cell Left;
        public Cell Right;
        public int Stage;
    }
}
