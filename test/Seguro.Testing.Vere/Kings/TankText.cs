using System.Text;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>A tank on one line; of a form that is none, the noun.</summary>
static class TankText
{
    private const int Longest = 4096;

    /// <summary>The text.</summary>
    public static string Of(Noun tank)
    {
        StringBuilder text = new();
        try
        {
            Write(tank, text, 100);
        }
        catch (NounException)
        {
            text.Append(tank);
        }
        return text.Length > Longest ? text.ToString(0, Longest) : text.ToString();
    }

    private static void Write(Noun tank, StringBuilder text, int depth)
    {
        if (text.Length > Longest || depth == 0)
            return;
        if (tank is Atom cord)
        {
            text.Append(Cord.Text(cord));
            return;
        }
        Cell cell = (Cell)tank;
        switch (cell.Head is Atom tag ? Cord.Text(tag) : "")
        {
            case "leaf":
                text.Append(Cord.TapeText(cell.Tail));
                break;
            case "rose" when cell.Tail is Cell { Head: Cell { Head: Noun between, Tail: Cell { Head: Noun open, Tail: Noun close } }, Tail: Noun items }:
                Items(open, between, close, items);
                break;
            case "palm" when cell.Tail is Cell { Head: Cell { Head: Noun between, Tail: Cell { Head: Noun open, Tail: Cell { Head: Noun more, Tail: Noun close } } }, Tail: Noun items }:
                text.Append(Cord.TapeText(open));
                Items(more, between, close, items);
                break;
            default:
                text.Append(tank);
                break;
        }

        void Items(Noun open, Noun between, Noun close, Noun items)
        {
            text.Append(Cord.TapeText(open));
            string separator = "";
            foreach (Noun item in NounList.Items(items))
            {
                text.Append(separator);
                Write(item, text, depth - 1);
                separator = Cord.TapeText(between);
            }
            text.Append(Cord.TapeText(close));
        }
    }
}
