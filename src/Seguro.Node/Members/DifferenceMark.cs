using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Node.Members;

/// <summary>
/// In a member's folder, the file <c>difference</c>: its own worker, or its Nock machine, computed an event otherwise than the log says. As long as
/// it is open, the member says of no event from that one on that it processed it, whatever starts it again; <c>seguro vere accept</c> closes it, and a folder that is made anew has none.
/// </summary>
/// <param name="Number">The event.</param>
/// <param name="Level">What computed it: <c>hot</c> or <c>computed</c>.</param>
/// <param name="Found">What was found, and where the evidence lies.</param>
/// <param name="IsAccepted">The owner has looked, and lets the member go on with what the log says.</param>
/// <remarks>Durable when a write returns, and written before anything that depends on it is said. One that can't be read keeps the member from starting.</remarks>
public sealed record DifferenceMark(EventNumber Number, string Level, string Found, bool IsAccepted)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "difference";

    /// <summary>Reads a folder's mark; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: it is not what a member writes there; <see cref="ErrorCode.FileAccess"/>.</exception>
    public static DifferenceMark? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        const string NextStep = "An event was computed otherwise here than by the master. Look into data/quarantine; then make the member anew: move its data folder away, and start it.";
        if (SealedFile.Read(path, takesUnsealed: false, NextStep) is not { } text)
            return null;
        return text.TrimEnd('\n').Split('\n') is [var number, var level, var state, var found]
            && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong parsed) && state is "open" or "accepted"
            ? new DifferenceMark(new EventNumber(parsed), level, Uri.UnescapeDataString(found), state == "accepted")
            : throw new SeguroException(ErrorCode.Corrupt, $"{path} is not what a member writes there", NextStep);
    }

    /// <summary>Writes it over the one before, durably.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public void Write(string folder)
    {
        StringBuilder text = new();
        // The text may name a folder whose name is not in ASCII, and is bounded as the file is.
        string found = Uri.EscapeDataString(Found.Length > 4096 ? Found[..4096] : Found);
        text.Append(CultureInfo.InvariantCulture, $"{Number.Value}\n{Level}\n{(IsAccepted ? "accepted" : "open")}\n{found}\n");
        SealedFile.Write(Path.Combine(folder, FileName), text.ToString());
    }

    /// <summary>Why nothing from its event on counts as processed.</summary>
    public SeguroException ToException() => new(
        ErrorCode.StandbyDiffers, Found,
        Level == "hot"
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Compare the veres of the members (vere:binary) and their machines; then stop the member, and make it anew (its pier taken from another member), or let it go on with what the log says: "
                + $"seguro vere accept --event {Number} -c FILE")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Either of the two is wrong, and the master serves with what its vere computed: keep this member's folder, report it, and compare with `urbit play --full` on a copy of the pier. "
                + $"To let the member go on with what the log says: stop it, and seguro vere accept --event {Number} -c FILE"));
}
