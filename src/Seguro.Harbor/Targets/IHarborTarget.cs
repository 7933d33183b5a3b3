using Seguro.Core;

namespace Seguro.Harbor.Targets;

/// <summary>A place that keeps objects: a folder, a bucket, a server. All that a harbor asks of it.</summary>
/// <remarks>
/// <para>Names are relative: parts of <c>a-z A-Z 0-9 . -</c> with <c>/</c> between; no part begins with a dot.</para>
/// <para>Threading: all members may be called at the same time.</para>
/// <para>Errors: <see cref="ErrorCode.HarborUnavailable"/> may pass, and says nothing of whether a put or a delete was carried out;
/// <see cref="ErrorCode.AccessDenied"/>, <see cref="ErrorCode.DiskFull"/>,
/// <see cref="ErrorCode.NotFound"/> (of a get), <see cref="ErrorCode.FileAccess"/>. None of them repeats by itself but for a moment.</para>
/// </remarks>
public interface IHarborTarget : IAsyncDisposable
{
    /// <summary>Its URL, for people: without secrets.</summary>
    string Name { get; }

    /// <summary>Makes an object, whole and durable, if there is none of that name. Of many who do so at once, one makes it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes, from the stream's beginning; seekable, not kept.</param>
    /// <param name="cancel">Ends it; the object may be made all the same.</param>
    /// <returns><see langword="false"/>: there is one already, and it is as it was.</returns>
    Task<bool> PutAsync(string name, Stream content, CancellationToken cancel);

    /// <summary>Opens an object for reading; the caller disposes of the stream. Reading may fail as the call does, by an <see cref="IOException"/> too.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">How many bytes of it are wanted, from its beginning; <see langword="null"/> for all.</param>
    /// <param name="cancel">Ends the call.</param>
    Task<Stream> GetAsync(string name, long? length, CancellationToken cancel);

    /// <summary>The objects whose names begin with a folder and a slash, in the order of their names' bytes.</summary>
    /// <param name="folder">The folder, without its slash.</param>
    /// <param name="cancel">Ends it.</param>
    IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel);

    /// <summary>Removes an object; one that is not there is removed already.</summary>
    Task DeleteAsync(string name, CancellationToken cancel);
}
