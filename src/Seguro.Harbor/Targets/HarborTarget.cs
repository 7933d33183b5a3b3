using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Targets;

/// <summary>Opens targets by their URLs.</summary>
public static class HarborTarget
{
    /// <summary>The forms of a URL, for messages and help.</summary>
    public const string Forms = "file:PATH  s3://BUCKET/PREFIX?endpoint=URL&credentials=FILE  sftp://USER@HOST:PORT/PATH?key=FILE&host-key=SHA256:…  harbor://HOST:PORT/OWNER?key=FILE";

    /// <summary>A target's URL for people to read: without what may be a password.</summary>
    public static string Shown(string url) => TargetUrl.Shown(url);

    /// <summary>Opens a target. Nothing is asked of it yet.</summary>
    /// <param name="url">Its URL, or <c>@FILE</c>: the first line of a file that nobody else may read.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>; <see cref="ErrorCode.InsecureTransport"/>: plain http beyond this machine; what reading the file throws.</exception>
    public static IHarborTarget Open(string url)
    {
        ArgumentException.ThrowIfNullOrEmpty(url);
        string text = url[0] == '@' ? SecretFile.ReadLine(url[1..], "harbor's URL") : url;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? "" : text[..colon]) switch
        {
            "file" when text.Length > colon + 1 => new PatientTarget(new FileTarget(text[(colon + 1)..]), PatientTarget.Usual),
            "s3" => S3Target.Open(TargetUrl.Parse(text)),
            "sftp" => new PatientTarget(SftpTarget.Open(TargetUrl.Parse(text)), PatientTarget.Usual, bringsAll: true),
            "harbor" => ServiceTarget.Open(TargetUrl.Parse(text)),
            _ => throw TargetUrl.Bad(text, "it is of no known kind"),
        };
    }
}
