using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Audit;
using Seguro.HarborService.Limits;
using Seguro.HarborService.Owners;

namespace Seguro.HarborService.Requests;

/// <summary>What owners ask for, once it is known that they are.</summary>
internal sealed class ObjectRequests(IHarborTarget storage, OwnerRegistry registry, OwnerRoom room, AuditTrail audit, ServiceMetrics metrics, ServiceOptions options)
{
    private const int Piece = 128 << 10;

    /// <summary>The most bytes of what is written down of a removal.</summary>
    private const int LargestNote = 1024;

    /// <summary>Where objects lie that may be removed by anybody who may add: they are tries (<see cref="TargetProbe"/>).</summary>
    private const string Tries = "probe/";
    private readonly BodyRoom _bodies = new(options.BodyMemory, options.BodyDisk);

    /// <summary>Answers.</summary>
    /// <returns>How many bytes of objects went.</returns>
    /// <exception cref="RequestRefusal">It can't be done.</exception>
    /// <exception cref="SeguroException">What the storage throws.</exception>
    public Task<long> AnswerAsync(HttpContext context, OwnersRequest asked, OwnerRecord owner, SignedRequest request, AuditKind kind) => asked.Verb switch
    {
        "put" => PutAsync(context, asked, owner, request),
        _ when context.Request.ContentLength is > 0 || request.Body != SignedRequest.NoBody => throw new RequestRefusal(400, "there is a body where none belongs", "A harbor's service answers to `seguro harbor`."),
        "get" => GetAsync(context, asked),
        "delete" => DeleteAsync(context, asked, owner, request, kind),
        "list" => ListAsync(context, asked),
        "audit" => AuditAsync(context, asked),
        _ => AccountAsync(context, owner),
    };

    private async Task<long> PutAsync(HttpContext context, OwnersRequest asked, OwnerRecord owner, SignedRequest request)
    {
        long length = context.Request.ContentLength ?? throw new RequestRefusal(411, "the length of the body is missing", "A harbor's service answers to `seguro harbor`.");
        if (length > options.LargestObject)
            throw new RequestRefusal(413, $"the object has {length} bytes, and may have {options.LargestObject}", "Ask the provider.");
        using BodyRoom.Body body = _bodies.TryTake(length) ?? throw new RequestRefusal(503, "too many objects are on their way", "It is tried again by itself.");
        await room.TakeAsync(owner, length, context.RequestAborted);
        bool isMade = false;
        try
        {
            await ReceiveAsync(context, body.Content, length, request.Body);
            isMade = await storage.PutAsync(asked.Path, body.Content, context.RequestAborted);
        }
        finally
        {
            room.Settle(owner.Owner, length, isMade);
        }
        context.Response.StatusCode = isMade ? 201 : 412;
        context.Response.ContentLength = 0;
        return isMade ? length : 0;
    }

    private async Task ReceiveAsync(HttpContext context, Stream content, long length, string signed)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = new byte[Piece];
        long received = 0;
        for (int read; (read = await context.Request.Body.ReadAsync(piece, context.RequestAborted)) > 0; received += read)
        {
            hash.AppendData(piece, 0, read);
            await content.WriteAsync(piece.AsMemory(0, read), context.RequestAborted);
        }
        metrics.Moved("in", received);
        if (received != length || Convert.ToHexStringLower(hash.GetHashAndReset()) != signed)
            throw new RequestRefusal(400, "the body is not what was signed", "It was changed on its way: see what is between you and the service.");
    }

    private async Task<long> GetAsync(HttpContext context, OwnersRequest asked)
    {
        long? wanted = WantedOf(context.Request.Headers.Range);
        await using Stream source = await storage.GetAsync(asked.Path, wanted, context.RequestAborted);
        byte[] piece = new byte[Piece];
        long left = wanted ?? long.MaxValue;
        int read = await source.ReadAsync(piece.AsMemory(0, (int)Math.Min(left, piece.Length)), context.RequestAborted); // before anything is said
        context.Response.StatusCode = 200;
        context.Response.ContentType = "application/octet-stream";
        long sent = 0;
        while (read > 0)
        {
            await context.Response.Body.WriteAsync(piece.AsMemory(0, read), context.RequestAborted);
            sent += read;
            left -= read;
            read = left == 0 ? 0 : await source.ReadAsync(piece.AsMemory(0, (int)Math.Min(left, piece.Length)), context.RequestAborted);
        }
        metrics.Moved("out", sent);
        return sent;
    }

    private async Task<long> DeleteAsync(HttpContext context, OwnersRequest asked, OwnerRecord owner, SignedRequest request, AuditKind kind)
    {
        bool isTry = asked.Name.StartsWith(Tries, StringComparison.Ordinal);
        if (owner.AddsOnly && !isTry)
            throw new RequestRefusal(403, "this key can add and read, and removes nothing", "Use a key of the owner's that may, on the owner's machine.");
        if (!isTry)
            await BeginRemovalAsync(asked, owner, request, kind, context.RequestAborted);
        await storage.DeleteAsync(asked.Path, context.RequestAborted);
        room.Forget(owner.Owner);
        context.Response.StatusCode = 204;
        return 0;
    }

    /// <summary>Writes a removal down before it is done. Each that removes something follows a put that took room; what removes nothing takes room itself, or there would be no end of them.</summary>
    private async Task BeginRemovalAsync(OwnersRequest asked, OwnerRecord owner, SignedRequest request, AuditKind kind, CancellationToken cancel)
    {
        bool isThere = await IsThereAsync(asked.Path, cancel);
        if (!isThere)
            await room.TakeAsync(owner, LargestNote, cancel);
        bool isFirst = false;
        try
        {
            isFirst = await audit.TryBeginAsync(asked.Owner, kind, request, asked.Name, cancel);
        }
        finally
        {
            if (!isThere)
                room.Settle(owner.Owner, LargestNote, isFirst);
        }
        if (!isFirst)
            throw new RequestRefusal(409, "this request was here before", "If you did not send it twice, somebody repeats what you send: tell the provider.");
    }

    private async Task<bool> IsThereAsync(string path, CancellationToken cancel)
    {
        try
        {
            await using Stream head = await storage.GetAsync(path, 1, cancel);
            return true;
        }
        catch (SeguroException missing) when (missing.Code is ErrorCode.NotFound)
        {
            return false;
        }
    }

    private async Task<long> ListAsync(HttpContext context, OwnersRequest asked)
    {
        string root = $"{OwnerRegistry.ShipsOf(asked.Owner)}/";
        return await SendLinesAsync(context, storage.ListAsync(asked.Path, context.RequestAborted).Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Size} {one.Name[root.Length..]}")));
    }

    private Task<long> AuditAsync(HttpContext context, OwnersRequest asked) => SendLinesAsync(context, audit.ReadAsync(asked.Owner, context.RequestAborted));

    private async Task<long> AccountAsync(HttpContext context, OwnerRecord owner)
    {
        (long bytes, long objects) = await registry.CountAsync(owner.Owner, context.RequestAborted);
        string[] lines =
        [
            $"owner {owner.Owner}", $"bytes {bytes}", $"bytes-most {owner.Bytes}", $"objects {objects}", $"objects-most {owner.Objects}", $"rights {(owner.AddsOnly ? "add" : "all")}",
            $"since {owner.Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}",
        ];
        return await SendLinesAsync(context, lines.ToAsyncEnumerable());
    }

    private static async Task<long> SendLinesAsync(HttpContext context, IAsyncEnumerable<string> lines)
    {
        StringBuilder text = new();
        await foreach (string line in lines.WithCancellation(context.RequestAborted))
        {
            text.Append(line).Append('\n');
            if (text.Length >= Piece)
                await SendAsync();
        }
        text.Append(ServiceTarget.LastLine).Append('\n');
        await SendAsync();
        return 0;

        async Task SendAsync()
        {
            if (!context.Response.HasStarted)
                (context.Response.StatusCode, context.Response.ContentType) = (200, "text/plain; charset=utf-8");
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), context.RequestAborted);
            text.Clear();
        }
    }

    /// <summary>How much is wanted, where a beginning is.</summary>
    private static long? WantedOf(string? range)
    {
        const string Beginning = "bytes=0-";
        return range is not null && range.StartsWith(Beginning, StringComparison.Ordinal)
            && long.TryParse(range.AsSpan(Beginning.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long last)
            && last < long.MaxValue
            ? last + 1
            : null;
    }
}
