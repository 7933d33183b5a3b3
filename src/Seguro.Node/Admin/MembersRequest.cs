namespace Seguro.Node.Admin;

/// <summary>What <c>POST /members</c> asks for.</summary>
/// <param name="Join">Who is to belong to the cluster from now on.</param>
/// <param name="Leave">Who is not.</param>
public sealed record MembersRequest(IReadOnlyList<string>? Join, IReadOnlyList<string>? Leave);
