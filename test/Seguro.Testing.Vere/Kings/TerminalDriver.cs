using System.Text;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>dill's side of the terminal (vere-facts.md §7.2).</summary>
sealed class TerminalDriver(King king) : Driver(king)
{
    private const int LongestLine = 4096;
    private const int MostKeys = 64;
    private static readonly Noun Wire = NounList.Path("d", "term", "1");

    /// <inheritdoc/>
    public override void Talk()
    {
        Plan(Wire, Cell.Of("born", 0), failed: static _ => { });
        Plan(Wire, Cell.Of("blew", 80, 24));
        Plan(Wire, Cell.Of("hail", 0), () => IsLive = true, _ => IsLive = true);
        if (!King.Options.IsDaemon)
            new Thread(Read) { IsBackground = true, Name = "terminal" }.Start();
    }

    /// <summary>Ctrl-C: a key like any other; what the worker computes at that moment it ends itself, by the same signal.</summary>
    public void Interrupt()
    {
        if (IsLive)
            Belt(Cell.Of("mod", "ctl", "c"));
    }

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card)
    {
        if (!Begins(wire, "term"))
            return false;
        if (TagOf(card) == "blit" && ((Cell)card).Tail is Cell)
        {
            foreach (Noun blit in NounList.Items(((Cell)card).Tail))
                Show(blit);
        }
        return true;
    }

    private static void Show(Noun blit)
    {
        if (blit is not Cell { Tail: Noun rest })
            return;
        switch (TagOf(blit))
        {
            case "mor":
                foreach (Noun part in NounList.Items(rest))
                    Show(part);
                break;
            case "put" or "lin":
                Console.Out.WriteLine(Characters(rest));
                break;
        }
    }

    private static string Characters(Noun list)
    {
        StringBuilder text = new();
        foreach (Noun item in NounList.Items(list))
        {
            if (item is Atom letter && letter.TryGet(out ulong rune) && Rune.IsValid((int)Math.Min(rune, int.MaxValue)))
                text.Append(new Rune((int)rune));
        }
        return text.ToString();
    }

    private void Read()
    {
        using StreamReader input = new(Console.OpenStandardInput(), Encoding.UTF8);
        try
        {
            while (input.ReadLine() is { } line)
            {
                string text = line.Length > LongestLine ? line[..LongestLine] : line;
                King.PostAsync(() => Type(text)).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (Exception over) when (over is IOException or System.Threading.Channels.ChannelClosedException)
        {
            // No terminal any more.
        }
    }

    private void Type(string line)
    {
        if (Waiting >= MostKeys)
            return;
        if (line.Length > 0)
            Belt(new Cell(Cord.Of("txt"), NounList.Of([.. line.EnumerateRunes().Select(static rune => (Noun)rune.Value)])));
        Belt(Cell.Of("ret", 0));
    }

    private void Belt(Noun key) => Plan(Wire, new Cell(Cord.Of("belt"), key));
}
