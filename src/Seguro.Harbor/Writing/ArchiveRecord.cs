using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Writing;

/// <summary>How far a target certainly was, remembered by the host beside its key, so that one that goes back is found out.</summary>
/// <remarks>Written at most once for each segment, durably. A host that may not write there remembers nothing, and is none the worse for what it backs up.</remarks>
internal sealed class ArchiveRecord(string keyPath, string folder, string target)
{
    private readonly string _path = $"{keyPath}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{folder}\n{target}")).AsSpan(0, 6))}.archived";
    private EventNumber _written;

    /// <summary>The last event that it was known to have.</summary>
    public EventNumber Read()
    {
        string? text = SealedFile.Read(_path, takesUnsealed: false, $"Delete {_path}: it is only this host's memory of how far the target was.");
        return ulong.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? new EventNumber(number) : EventNumber.None;
    }

    public void Write(EventNumber number)
    {
        if (number == _written)
            return;
        try
        {
            SealedFile.Write(_path, $"{number}\n");
            _written = number;
        }
        catch (SeguroException failed) when (failed.Code is ErrorCode.FileAccess or ErrorCode.DiskFull)
        {
            _written = number;
        }
    }
}
