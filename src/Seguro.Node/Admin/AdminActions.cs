using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Links;
using Seguro.Node.Members;

namespace Seguro.Node.Admin;

/// <summary>What the admin API changes. Only the master can; another member hands the request on to it, once.</summary>
/// <remarks>For any thread. An answer says that the change is in force, or why it is not; that it may still come to be (504) only where nobody can know.</remarks>
/// <param name="status">How this member stands.</param>
/// <param name="ask">Gives the member a wish; returns when it is in force (<see cref="MemberHost.AskAsync"/>).</param>
/// <param name="report">The answer's body where all is well.</param>
/// <param name="isThere">Says whether a member that is to join is heard of: by a link, or because it asks to be let in.</param>
/// <param name="forward">Asks another member: its name, the path, the body.</param>
/// <param name="host">The member's host, where it runs already: for what a member does that stands still.</param>
public sealed class AdminActions(
    Func<MemberStatus> status, Func<Wish, CancellationToken, Task> ask, Func<StatusReport> report, Func<string, bool> isThere,
    Func<string, string, ReadOnlyMemory<byte>, CancellationToken, Task<LinkReply>> forward, Func<MemberHost?>? host = null)
{
    /// <summary>How long a change may take to be in force.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The paths.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/optimism", "/stepdown", "/members", "/pause", "/resume", PutBack, AcceptLoss];

    private const string PutBack = "/putback";
    private const string AcceptLoss = "/acceptloss";

    /// <summary>Does what a request asks for.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="body">JSON.</param>
    /// <param name="forwarded">It comes from another member, and is not handed on again.</param>
    /// <param name="cancel">Ends the waiting, not the change.</param>
    public async Task<LinkReply> DoAsync(string path, ReadOnlyMemory<byte> body, bool forwarded, CancellationToken cancel)
    {
        try
        {
            MemberStatus now = status();
            if (path is PutBack or AcceptLoss)
                return await MendAsync(path, forwarded, cancel);
            if (now.Role is not Role.Master)
            {
                string master = StatusReport.NameIn(now.Master);
                if (master.Length == 0 || master == now.Name)
                    throw new SeguroException(ErrorCode.StoreUnavailable, $"there is no master now, as far as {now.Name} knows", "Wait a moment and repeat; `seguro status` says who is master.");
                if (forwarded)
                    throw new SeguroException(ErrorCode.StoreUnavailable, $"{now.Name} is not master; as far as it knows, {master} is", $"Repeat the command, or run it with the configuration of {master}.");
                return await ForwardAsync(master, path, body, now, cancel);
            }
            await AskAsync(Read(path, body, now), path, cancel);
            return new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(report(), AdminJson.Default.StatusReport));
        }
        catch (SeguroException error)
        {
            return Failed(error);
        }
    }

    /// <summary>What only the member can do that was asked: no other has its log, and there is no master.</summary>
    private async Task<LinkReply> MendAsync(string path, bool forwarded, CancellationToken cancel)
    {
        if (forwarded || host?.Invoke() is not { } mending)
            throw new SeguroException(ErrorCode.StoreUnavailable, "this member is starting", "Wait a moment and repeat.");
        if (path == PutBack)
            await mending.PutBackAsync(cancel);
        else
            await mending.AcceptLossAsync(cancel);
        await AskAsync(Wish.Trust.Instance, path, cancel);
        return new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(report(), AdminJson.Default.StatusReport));
    }

    private async Task<LinkReply> ForwardAsync(string master, string path, ReadOnlyMemory<byte> body, MemberStatus now, CancellationToken cancel)
    {
        try
        {
            return await forward(master, path, body, cancel);
        }
        catch (SeguroException error) when (error.Code is ErrorCode.StoreUnavailable)
        {
            throw new SeguroException(
                ErrorCode.StoreUnavailable, $"{now.Name} is not master, and can't hand the request on to {master}, which is, as far as it knows: {error.Message}",
                $"Run the command with the configuration of {master}. If {master} is gone, another member is master in a moment: repeat it then.", error);
        }
    }

    /// <summary>The answer that an error makes.</summary>
    public static LinkReply Failed(SeguroException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        int code = error.Code switch
        {
            ErrorCode.OutcomeUnknown => 504,
            ErrorCode.StoreUnavailable => 503,
            ErrorCode.NotFound => 404,
            ErrorCode.AccessDenied => 401,
            _ => error.ExitCode switch { 2 => 400, 3 => 409, _ => 500 },
        };
        return new LinkReply(code, JsonSerializer.SerializeToUtf8Bytes(ErrorReport.Of(error), AdminJson.Default.ErrorReport));
    }

    private async Task AskAsync(Wish wish, string path, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await ask(wish, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw Pending(path);
        }
    }

    private Wish Read(string path, ReadOnlyMemory<byte> body, MemberStatus now)
    {
        switch (path)
        {
            case "/optimism":
                OptimismRequest wish = Parse(body, AdminJson.Default.OptimismRequest);
                return new Wish.ChangeOptimism(wish.Replicas, wish.OnReplicaLoss switch
                {
                    null => null,
                    "wait" => ReplicaLossPolicy.Wait,
                    "degrade" => ReplicaLossPolicy.Degrade,
                    _ => throw Bad("onReplicaLoss is neither 'wait' nor 'degrade'", "Use one of them."),
                });
            case "/stepdown":
                return new Wish.StepDown(Parse(body, AdminJson.Default.StepDownRequest).To);
            case "/pause":
                return new Wish.Pause(Parse(body, AdminJson.Default.PauseRequest).Why ?? throw Bad("a pause has no reason", "Say why."));
            case "/resume":
                return new Wish.Resume(Parse(body, AdminJson.Default.PauseRequest).Despite);
            case "/members":
                MembersRequest members = Parse(body, AdminJson.Default.MembersRequest);
                CheckJoining(members.Join ?? [], now);
                return new Wish.ChangeMembers(members.Join ?? [], members.Leave ?? []);
            default:
                throw new SeguroException(ErrorCode.NotFound, $"there is nothing at {path}", $"There are {string.Join(", ", Paths)}.");
        }
    }

    /// <summary>A member that is not there must not count: effects would wait for it.</summary>
    private void CheckJoining(IReadOnlyList<string> joining, MemberStatus now)
    {
        foreach (string name in joining)
        {
            if (!MemberName.IsValid(name))
                throw Bad($"'{name}' can't be a member's name", $"Use 1 to {MemberName.Longest} of a-z, 0-9 and '-'.");
            if (!now.Members.Contains(name) && !now.Left.Contains(name) && !isThere(name))
                throw new SeguroException(ErrorCode.NotAMember, $"{now.Name}, the master, has not heard of {name}", $"Start {name}: it then asks to be let in, and `seguro status` shows it. A member that is not there must not count.");
        }
    }

    private static SeguroException Pending(string path) =>
        new(ErrorCode.OutcomeUnknown, $"{path[1..]} was asked for, and is not in force after {Patience.TotalSeconds} s", "Look at `seguro status`: the change may still come, or be repeated.");

    /// <summary>Reads the body of a request.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    internal static T Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw Bad("the request's body is null", "Send a JSON object.");
        }
        catch (JsonException error)
        {
            throw Bad($"the request's body is not what it should be: {error.Message}", "Send a JSON object as in docs/reference.md.");
        }
    }

    private static SeguroException Bad(string what, string nextStep) => new(ErrorCode.BadValue, what, nextStep);
}
