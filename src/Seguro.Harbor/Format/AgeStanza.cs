using System.Text;

namespace Seguro.Harbor.Format;

/// <summary>A part of an age file's header: words, and bytes.</summary>
/// <param name="Words">The words of its first line, after the arrow; the first is its type.</param>
/// <param name="Body">What follows.</param>
internal sealed record AgeStanza(IReadOnlyList<string> Words, byte[] Body)
{
    private const int Columns = 64;

    /// <summary>The lines as they stand in the header; the last one of the body is always shorter than 64 characters.</summary>
    public void WriteTo(StringBuilder header)
    {
        header.Append("-> ").AppendJoin(' ', Words).Append('\n');
        string body = AgeX25519.Encode(Body);
        for (int at = 0; ; at += Columns)
        {
            string line = body[at..Math.Min(body.Length, at + Columns)];
            header.Append(line).Append('\n');
            if (line.Length < Columns)
                return;
        }
    }
}
